// Fields to the bytes that are signed: each with its length in front, so that no two different inputs give the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace fluxpg::verdict {

class Bytes {
 public:
  // `purpose` keeps a signature for one purpose from being used for another.
  explicit Bytes(std::string_view purpose) { add(purpose); }

  Bytes& add(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out_.push_back(static_cast<char>(value >> shift));
    return *this;
  }
  Bytes& add(std::string_view text) {
    add(std::uint64_t{text.size()});
    out_.append(text);
    return *this;
  }
  Bytes& add(const std::string& text) { return add(std::string_view(text)); }
  Bytes& add(const char* text) { return add(std::string_view(text)); }
  template <class Tag>
  Bytes& add(StrongNumber<Tag> number) {
    return add(number.value);
  }
  template <class Tag, std::size_t Size>
  Bytes& add(const StrongBytes<Tag, Size>& id) {
    return add(hex(id.bytes.data(), Size));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace fluxpg::verdict
