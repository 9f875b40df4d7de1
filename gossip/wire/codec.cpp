#include "gossip/wire/codec.hpp"

#include <limits>
#include <msgpack.hpp>
#include <utility>

#include "gossip/wire/layout.hpp"

namespace fluxpg::wire {
namespace {

// Packs each layout as one array. Ids are binary; a zero id, "none", is nil: one byte instead of 34.
class Writer {
 public:
  explicit Writer(msgpack::sbuffer& buffer) : packer_(buffer) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    packer_.pack_array(sizeof...(fields));
    (put(fields), ...);
  }

  void put(bool v) { packer_.pack(v); }
  void put(std::uint16_t v) { packer_.pack(v); }
  void put(std::uint32_t v) { packer_.pack(v); }
  void put(std::uint64_t v) { packer_.pack(v); }
  void put(std::int64_t v) { packer_.pack(v); }
  void put(WallPoint v) { put(std::int64_t{v.time_since_epoch().count()}); }
  template <class Tag>
  void put(const StrongNumber<Tag>& v) {
    put(v.value);
  }
  template <class Tag, std::size_t Size>
  void put(const StrongBytes<Tag, Size>& v) {
    if (!v) {
      packer_.pack_nil();
      return;
    }
    packer_.pack_bin(Size);
    packer_.pack_bin_body(reinterpret_cast<const char*>(v.bytes.data()), Size);
  }
  template <class T>
  void put(const Text<T>& v) {
    packer_.pack(v.value);
  }
  template <class T>
  void put(const Ipv4<T>& v) {
    packer_.pack(v.value);
  }
  template <class T>
  void put(const Choice<T>& v) {
    packer_.pack(static_cast<std::uint8_t>(v.value));
  }
  template <class T>
  void put(const NotNegative<T>& v) {
    put(std::int64_t{v.value.count()});
  }
  template <class T>
  void put(const List<T>& v) {
    packer_.pack_array(static_cast<std::uint32_t>(v.value.size()));
    for (const auto& item : v.value) put(item);
  }
  template <class T>
  void put(const std::optional<T>& v) {
    if (v) {
      put(*v);
    } else {
      packer_.pack_nil();
    }
  }
  // An entry of a link row: [id, [state, rtt]].
  void put(const std::pair<const NodeId, gossip::Link>& v) { (*this)(v.first, v.second); }
  template <class T>
  requires requires(Writer& w, const T& v) { layout(w, v); }
  void put(const T& v) { layout(*this, v); }

 private:
  msgpack::packer<msgpack::sbuffer> packer_;
};

// Reads one parsed object into a field. After the first error nothing more is read.
class Reader {
 public:
  explicit Reader(const msgpack::object& object) : object_(&object) {}

  const std::optional<DecodeError>& error() const { return error_; }

  template <class... Fields>
  void operator()(Fields&&... fields) {
    if (!expect(object_->type == msgpack::type::ARRAY && object_->via.array.size == sizeof...(fields))) return;
    const msgpack::object* child = object_->via.array.ptr;
    (read(*child++, fields), ...);
  }

  template <class T>
  void read(const msgpack::object& object, T&& field) {
    if (error_) return;
    const msgpack::object* const outer = std::exchange(object_, &object);
    get(field);
    object_ = outer;
  }

 private:
  bool fail(DecodeError error) {
    if (!error_) error_ = error;
    return false;
  }
  bool expect(bool grammatical) { return grammatical || fail(DecodeError::kGrammar); }
  bool allow(bool possible) { return possible || fail(DecodeError::kValue); }

  void get(bool& v) {
    if (expect(object_->type == msgpack::type::BOOLEAN)) v = object_->via.boolean;
  }
  void get(std::uint64_t& v) {
    if (expect(object_->type == msgpack::type::POSITIVE_INTEGER)) v = object_->via.u64;
  }
  template <class T>
  requires std::unsigned_integral<T>
  void get(T& v) {
    std::uint64_t wide = 0;
    get(wide);
    if (allow(wide <= std::numeric_limits<T>::max())) v = static_cast<T>(wide);
  }
  void get(std::int64_t& v) {
    const bool negative = object_->type == msgpack::type::NEGATIVE_INTEGER;
    if (!expect(negative || object_->type == msgpack::type::POSITIVE_INTEGER)) return;
    if (allow(negative || object_->via.u64 <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))) v = object_->via.i64;
  }
  void get(WallPoint& v) {
    std::int64_t count = 0;
    get(count);
    v = WallPoint(Duration(count));
  }
  template <class Tag>
  void get(StrongNumber<Tag>& v) {
    get(v.value);
  }
  void get(Incarnation& v) {
    get(v.value);
    allow(v.value <= kMaxIncarnation);
  }
  template <class Tag, std::size_t Size>
  void get(StrongBytes<Tag, Size>& v) {
    if (object_->type == msgpack::type::NIL) return;
    if (!expect(object_->type == msgpack::type::BIN && object_->via.bin.size == Size)) return;
    std::copy_n(object_->via.bin.ptr, Size, reinterpret_cast<char*>(v.bytes.data()));
  }
  template <class T>
  void get(Text<T>& v) {
    if (!expect(object_->type == msgpack::type::STR)) return;
    if (object_->via.str.size > v.max) {
      fail(DecodeError::kLimits);
      return;
    }
    const std::string_view text(object_->via.str.ptr, object_->via.str.size);
    for (const char c : text) {
      if (!allow(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) return;
    }
    v.value = text;
  }
  template <class T>
  void get(Ipv4<T>& v) {
    Text<T> text{v.value, kMaxAddress};
    get(text);
    allow(error_ || is_ipv4(v.value));
  }
  template <class T>
  void get(Choice<T>& v) {
    std::uint64_t number = 0;
    get(number);
    if (allow(number <= static_cast<std::uint64_t>(v.last))) v.value = static_cast<T>(number);
  }
  template <class T>
  void get(NotNegative<T>& v) {
    std::int64_t count = 0;
    get(count);
    allow(count >= 0);
    v.value = T(count);
  }
  template <class T>
  void get(std::optional<T>& v) {
    if (object_->type != msgpack::type::NIL) get(v.emplace());
  }
  template <class T>
  void get(List<T>& v) {
    if (!expect(object_->type == msgpack::type::ARRAY)) return;
    if (object_->via.array.size > v.max) {
      fail(DecodeError::kLimits);
      return;
    }
    const msgpack::object* const items = object_->via.array.ptr;
    for (std::uint32_t i = 0; i < object_->via.array.size && !error_; ++i) add(items[i], v.value);
  }
  template <class T>
  void add(const msgpack::object& object, std::vector<T>& list) {
    read(object, list.emplace_back());
  }
  void add(const msgpack::object& object, std::map<NodeId, gossip::Link>& links) {
    std::pair<NodeId, gossip::Link> entry;
    read(object, entry);
    allow(error_ || links.insert(entry).second);
  }
  void get(std::pair<NodeId, gossip::Link>& v) { (*this)(v.first, v.second); }
  template <class T>
  requires requires(Reader& r, T& v) { layout(r, v); }
  void get(T& v) { layout(*this, v); }

  const msgpack::object* object_;
  std::optional<DecodeError> error_;
};

// The kind of a message on the wire is its place in the variant, from 1.
template <std::size_t Index = 0>
Expected<gossip::Message, DecodeError> read_payload(std::uint64_t kind, const msgpack::object& payload) {
  if constexpr (Index < std::variant_size_v<gossip::Message>) {
    if (kind != Index + 1) return read_payload<Index + 1>(kind, payload);
    gossip::Message message{std::in_place_index<Index>};
    Reader reader(payload);
    reader.read(payload, std::get<Index>(message));
    if (reader.error()) return unexpected(*reader.error());
    return message;
  } else {
    return unexpected(DecodeError::kKind);
  }
}

Expected<gossip::Message, DecodeError> read_frame(const msgpack::object& frame) {
  if (frame.type != msgpack::type::ARRAY || frame.via.array.size < 1) return unexpected(DecodeError::kGrammar);
  const msgpack::object* const parts = frame.via.array.ptr;
  if (parts[0].type != msgpack::type::POSITIVE_INTEGER) return unexpected(DecodeError::kGrammar);
  if (parts[0].via.u64 != kVersion) return unexpected(DecodeError::kVersion);
  if (frame.via.array.size != 3 || parts[1].type != msgpack::type::POSITIVE_INTEGER) return unexpected(DecodeError::kGrammar);
  return read_payload(parts[1].via.u64, parts[2]);
}

}  // namespace

std::string to_text(DecodeError error) {
  switch (error) {
    case DecodeError::kOversized:
      return "oversized";
    case DecodeError::kGrammar:
      return "grammar";
    case DecodeError::kTrailing:
      return "trailing";
    case DecodeError::kVersion:
      return "version";
    case DecodeError::kKind:
      return "kind";
    case DecodeError::kLimits:
      return "limits";
    case DecodeError::kValue:
      return "value";
  }
  return "unknown";
}

std::string encode(const gossip::Message& message) {
  msgpack::sbuffer buffer(256);
  msgpack::packer<msgpack::sbuffer> frame(buffer);
  frame.pack_array(3);
  frame.pack(kVersion);
  frame.pack(message.index() + 1);
  Writer writer(buffer);
  std::visit([&](const auto& payload) { writer.put(payload); }, message);
  return std::string(buffer.data(), buffer.size());
}

Expected<gossip::Message, DecodeError> decode(std::string_view frame) {
  if (frame.size() > kMaxFrame) return unexpected(DecodeError::kOversized);
  // Texts and binaries point into the frame; an array is allocated by its announced length, hence the limits here, before any reading.
  const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  const msgpack::unpack_limit limit(kMaxList, 0, kMaxFrame, kMaxFrame, 0, kMaxDepth);
  try {
    msgpack::zone zone;
    std::size_t offset = 0;
    bool referenced = false;
    const msgpack::object object = msgpack::unpack(zone, frame.data(), frame.size(), offset, referenced, refer, nullptr, limit);
    if (offset != frame.size()) return unexpected(DecodeError::kTrailing);
    return read_frame(object);
  } catch (const msgpack::size_overflow&) {
    return unexpected(DecodeError::kLimits);
  } catch (const msgpack::unpack_error&) {
    return unexpected(DecodeError::kGrammar);
  }
}

}  // namespace fluxpg::wire
