#include "supervisor/runtime/log_end.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "base/ids.hpp"
#include "supervisor/runtime/files.hpp"

namespace fluxpg::runtime {

namespace {

namespace fs = std::filesystem;
using Lsn = std::uint64_t;

// Offsets in pg_control, in page headers and in record headers: the same from PostgreSQL 11 on, in the machine's own byte order.
constexpr std::size_t kControlCheckpoint = 32;
constexpr std::size_t kPageInfo = 2, kPageAddress = 8, kPageRemaining = 16, kPageSystem = 24, kPageSegment = 32, kPageBlock = 36;
constexpr std::size_t kShortHeader = 24, kLongHeader = 40;  // the first page of a segment has a long one
constexpr std::uint16_t kBeginsWithARest = 1;               // of a record that began on an earlier page
constexpr std::size_t kRecordHeader = 24, kRecordPrevious = 8;
constexpr std::uint32_t kLongestRecord = 1U << 30;

template <class T>
T number_at(const std::string& bytes, std::size_t offset) {
  T value{};
  if (bytes.size() >= offset + sizeof(T)) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

Lsn aligned(Lsn lsn) { return (lsn + 7) / 8 * 8; }

std::string read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

class Log {
 public:
  Log(std::string directory, std::uint64_t system_id) : directory_(std::move(directory)), system_id_(system_id) {
    std::error_code error;
    for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      const auto timeline = number_from_hex(name.substr(0, 8));
      const auto high = number_from_hex(name.size() == 24 ? name.substr(8, 8) : "");
      const auto low = number_from_hex(name.size() == 24 ? name.substr(16, 8) : "");
      if (!timeline || !high || !low) continue;
      const std::string head = read_at(it->path().string(), 0, kLongHeader);
      if (number_at<std::uint64_t>(head, kPageSystem) != system_id_) continue;
      const std::uint64_t segment_size = number_at<std::uint32_t>(head, kPageSegment);
      const std::uint64_t block = number_at<std::uint32_t>(head, kPageBlock);
      if (block < 1024 || segment_size < block || segment_size % block != 0) continue;
      // Its first page was written in its place, not kept from an earlier life of the file.
      const Lsn begins = (*high << 32) + *low * segment_size;
      if (number_at<Lsn>(head, kPageAddress) != begins) continue;
      segment_size_ = segment_size;
      block_ = block;
      std::uint32_t& newest = segments_[begins];
      newest = std::max(newest, static_cast<std::uint32_t>(*timeline));
    }
  }

  std::optional<LogEnd> end(Lsn checkpoint) const {
    if (segments_.empty() || !is_written(page_of(checkpoint))) return std::nullopt;
    const Lsn last = last_page(checkpoint);
    Lsn from = checkpoint;
    // From the page before the last on: then every record that begins on the last one has to name the one before it.
    for (Lsn page = last - block_; page > page_of(checkpoint); page -= block_) {
      if (const auto begins = first_record(page)) {
        from = *begins;
        break;
      }
    }
    return LogEnd{segments_.at(segment_of(last)), follow(from, last + block_)};
  }

 private:
  Lsn segment_of(Lsn lsn) const { return lsn / segment_size_ * segment_size_; }
  Lsn page_of(Lsn lsn) const { return lsn / block_ * block_; }
  std::size_t header(Lsn page) const { return page % segment_size_ == 0 ? kLongHeader : kShortHeader; }

  std::string bytes(Lsn at, std::size_t size) const {
    const auto segment = segments_.find(segment_of(at));
    if (segment == segments_.end()) return "";
    char name[32];
    std::snprintf(name, sizeof(name), "%08X%08X%08X", segment->second, static_cast<unsigned>(segment->first >> 32),
                  static_cast<unsigned>((segment->first & 0xffffffffU) / segment_size_));
    return read_at(directory_ + "/" + name, at - segment->first, size);
  }
  bool is_written(Lsn page) const { return number_at<Lsn>(bytes(page, kShortHeader), kPageAddress) == page && page != 0; }

  Lsn last_page(Lsn checkpoint) const {
    Lsn segment = segment_of(checkpoint);
    while (segments_.count(segment + segment_size_) > 0) segment += segment_size_;
    Lsn written = std::max(segment, page_of(checkpoint));
    Lsn unwritten = segment + segment_size_;
    while (unwritten - written > block_) {  // pages are written in their order
      const Lsn middle = page_of(written + (unwritten - written) / 2);
      (is_written(middle) ? written : unwritten) = middle;
    }
    return written;
  }

  std::optional<Lsn> first_record(Lsn page) const {
    const std::string head = bytes(page, kShortHeader);
    const bool rest = (number_at<std::uint16_t>(head, kPageInfo) & kBeginsWithARest) != 0;
    const Lsn begins = page + header(page) + (rest ? aligned(number_at<std::uint32_t>(head, kPageRemaining)) : 0);
    return begins < page + block_ ? std::optional(begins) : std::nullopt;
  }

  // `at` and so many bytes of content further, page headers left out.
  Lsn advanced(Lsn at, std::uint64_t size) const {
    for (;;) {
      const Lsn next = page_of(at) + block_;
      if (size < next - at) return at + size;
      size -= next - at;
      at = next + header(next);
    }
  }

  // From one record to the next; the first one that is not whole, or does not name the one before it, is where the log ends.
  Lsn follow(Lsn at, Lsn unwritten) const {
    for (Lsn before = 0;;) {
      if (at >= unwritten) return at;
      const auto length = number_at<std::uint32_t>(bytes(at, 4), 0);
      if (length < kRecordHeader || length > kLongestRecord) return at;
      const Lsn previous_at = advanced(at, kRecordPrevious);
      const Lsn last_byte = advanced(at, length - 1);
      if (last_byte >= unwritten) return at;
      if (before != 0 && number_at<Lsn>(bytes(previous_at, sizeof(Lsn)), 0) != before) return at;
      before = at;
      at = aligned(last_byte + 1);
      if (at % block_ == 0 && at < unwritten) at += header(at);
    }
  }

  std::string directory_;
  std::uint64_t system_id_;
  std::uint64_t segment_size_ = 0;
  std::uint64_t block_ = 0;
  std::map<Lsn, std::uint32_t> segments_;  // where each begins, and the newest timeline that has it
};

}  // namespace

std::optional<LogEnd> end_of_log(const std::string& data_dir) {
  const auto control = read_file(data_dir + "/global/pg_control", 64 * 1024);
  if (!control) return std::nullopt;
  const auto system_id = number_at<std::uint64_t>(*control, 0);
  const auto checkpoint = number_at<Lsn>(*control, kControlCheckpoint);
  if (system_id == 0 || checkpoint == 0) return std::nullopt;
  return Log(data_dir + "/pg_wal", system_id).end(checkpoint);
}

}  // namespace fluxpg::runtime
