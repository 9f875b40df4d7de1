// Memory for a program that asks for it millions of times a second, in small pieces, and gives it back soon: lists of free pieces by
// size. Nothing is ever returned to the system; another thread's piece may be given back, it then serves this one.
//
// Not with sanitizers, which have their own.
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FLUXPG_OWN_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FLUXPG_OWN_MEMORY 0
#endif
#endif
#ifndef FLUXPG_OWN_MEMORY
#define FLUXPG_OWN_MEMORY 1
#endif

#if FLUXPG_OWN_MEMORY
namespace {

constexpr std::size_t kStep = 16;
constexpr std::size_t kLargest = 1024;                 // more is malloc's business
constexpr std::size_t kChunk = std::size_t{1} << 16;   // of pieces of one size
constexpr std::size_t kChunks = std::size_t{1} << 18;  // 16 GB of addresses, used as they are needed

struct Piece {
  Piece* next;
};

std::atomic<std::size_t> chunks_used{0};
std::array<std::uint8_t, kChunks> size_class;  // of each chunk, in steps
thread_local std::array<Piece*, kLargest / kStep + 1> free_pieces;

std::uintptr_t region() {
  static const std::uintptr_t start = [] {
    void* const got = mmap(nullptr, kChunks * kChunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return got == MAP_FAILED ? 0 : reinterpret_cast<std::uintptr_t>(got);
  }();
  return start;
}
std::uintptr_t region_start = 0;

void* from_malloc(std::size_t size) {
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

void* refill(std::size_t steps) {
  region_start = region();
  const std::size_t number = region_start == 0 ? kChunks : chunks_used.fetch_add(1);
  if (number >= kChunks) return from_malloc(steps * kStep);
  size_class[number] = static_cast<std::uint8_t>(steps);
  const std::uintptr_t chunk = region_start + number * kChunk;
  Piece* list = nullptr;
  for (std::size_t at = kChunk / (steps * kStep); at-- > 1;) {
    Piece* const piece = reinterpret_cast<Piece*>(chunk + at * steps * kStep);
    piece->next = list;
    list = piece;
  }
  free_pieces[steps] = list;
  return reinterpret_cast<void*>(chunk);
}

}  // namespace

void* operator new(std::size_t size) {
  if (size > kLargest) return from_malloc(size);
  const std::size_t steps = size == 0 ? 1 : (size + kStep - 1) / kStep;
  Piece* const piece = free_pieces[steps];
  if (piece == nullptr) return refill(steps);
  free_pieces[steps] = piece->next;
  return piece;
}

void operator delete(void* memory) noexcept {
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(memory) - region_start;
  if (region_start == 0 || offset >= kChunks * kChunk) return std::free(memory);
  const std::size_t steps = size_class[offset / kChunk];
  Piece* const piece = static_cast<Piece*>(memory);
  piece->next = free_pieces[steps];
  free_pieces[steps] = piece;
}

void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
#endif
