// Where fluxpg-sim's memory comes from: a quarter of a run was malloc and free of small things. Each thread has lists of small blocks, one
// for each size; a block that another thread drops goes back to its owner. Nothing is given back to the system before the end.
//
// Not in builds with sanitizers, which want to see every allocation; the daemon has nothing of this.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kStep = 16;
constexpr std::size_t kLargest = 1024;  // anything larger is malloc's
constexpr std::size_t kChunk = 256 * 1024;

struct Heap;

struct Block {
  Heap* owner;       // nullptr: malloc's
  std::size_t list;  // payload / kStep
  Block* next;       // while it is free; the payload begins here

  void* payload() { return &next; }
  static Block* of(void* payload) { return reinterpret_cast<Block*>(static_cast<std::byte*>(payload) - kHead); }
  static constexpr std::size_t kHead = 16;
};
static_assert(offsetof(Block, next) == Block::kHead);

Block* from_malloc(std::size_t bytes) {
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<Block*>(memory);
}

struct Heap {
  Block* free[kLargest / kStep + 1] = {};
  std::atomic<Block*> returned{nullptr};  // dropped by other threads
  std::byte* fresh = nullptr;
  std::size_t left = 0;

  void* take(std::size_t list) {
    if (free[list] == nullptr) refill(list);
    Block* const block = free[list];
    free[list] = block->next;
    return block->payload();
  }
  void drop(Block* block) {
    block->next = free[block->list];
    free[block->list] = block;
  }
  void give_back(Block* block) {
    block->next = returned.load(std::memory_order_relaxed);
    while (!returned.compare_exchange_weak(block->next, block, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }
  void refill(std::size_t list) {
    for (Block* block = returned.exchange(nullptr, std::memory_order_acquire); block != nullptr;) {
      Block* const next = block->next;
      drop(block);
      block = next;
    }
    if (free[list] != nullptr) return;
    const std::size_t bytes = Block::kHead + list * kStep;
    if (left < bytes) {
      fresh = reinterpret_cast<std::byte*>(from_malloc(kChunk));
      left = kChunk;
    }
    Block* const block = reinterpret_cast<Block*>(fresh);
    fresh += bytes;
    left -= bytes;
    block->owner = this;
    block->list = list;
    drop(block);
  }
};

// Never ends: what it owns may outlive the thread.
Heap& own_heap() {
  thread_local Heap* heap = nullptr;
  if (heap == nullptr) heap = ::new (static_cast<void*>(from_malloc(sizeof(Heap)))) Heap();
  return *heap;
}

}  // namespace

void* operator new(std::size_t size) {
  if (size <= kLargest) return own_heap().take(size == 0 ? 1 : (size + kStep - 1) / kStep);
  Block* const block = from_malloc(Block::kHead + size);
  block->owner = nullptr;
  return block->payload();
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  Block* const block = Block::of(memory);
  if (block->owner == nullptr) return std::free(block);
  Heap& own = own_heap();
  if (block->owner == &own) return own.drop(block);
  block->owner->give_back(block);
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
