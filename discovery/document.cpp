// Why not a tree and the library's filter: after every object the filter searches the whole list around it, so a hostile list costs
// seconds.
#include "discovery/document.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace fluxpg::discovery {
namespace {

using nlohmann::json;
using Data = Document::Data;

class Picker final : public json::json_sax_t {
 public:
  explicit Picker(std::size_t max_rows) : max_rows_(max_rows) {}

  Document document;
  bool too_deep = false;

  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(json::number_integer_t) override { return other(); }
  bool number_float(json::number_float_t, const std::string&) override { return other(); }
  bool binary(json::binary_t&) override { return other(); }
  bool number_unsigned(json::number_unsigned_t value) override {
    begin_value();
    if (Fields* fields = current(); fields != nullptr && key() == "instances") set(fields->instances, std::uint64_t{value});
    return true;
  }
  bool string(std::string& value) override {
    begin_value();
    if (depth_ == 1 && key() == "status") set(document.status, std::move(value));
    if (Fields* fields = current()) {
      if (key() == "name") set(fields->name, std::move(value));
      if (key() == "ip") set(fields->ip, std::move(value));
      if (key() == "message") set(fields->message, std::move(value));
    }
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ < keys_.size()) keys_[depth_] = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override { return open(Data::kObject); }
  bool start_array(std::size_t) override { return open(Data::kList); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }

 private:
  const std::string& key() const { return keys_[depth_]; }

  template <class T>
  void set(std::optional<T>& field, T value) {
    if (field) document.repeats = true;
    field = std::move(value);
  }

  bool other() {
    begin_value();
    return true;
  }

  // A value that may be data itself or an item of its list.
  void begin_value(Data kind = Data::kOther) {
    if (depth_ == 1 && document.is_object && key() == "data") {
      if (document.data != Data::kMissing) document.repeats = true;
      document.data = kind;
    }
    if (depth_ == 2 && in_data_ && document.data == Data::kList) {
      ++document.items;
      if (kind != Data::kObject) document.only_objects = false;
    }
  }

  // The object whose fields are being read, if it is data or one of its rows.
  Fields* current() {
    if (depth_ == 2 && in_data_ && document.data == Data::kObject) return &document.fields;
    if (depth_ == 3 && in_row_) return &document.rows.back();
    return nullptr;
  }

  bool open(Data kind) {
    begin_value(kind);
    if (depth_ == 0) document.is_object = kind == Data::kObject;
    if (depth_ == 1) in_data_ = document.is_object && key() == "data";
    if (depth_ == 2) in_row_ = in_data_ && document.data == Data::kList && kind == Data::kObject && document.rows.size() < max_rows_;
    if (depth_ == 2 && in_row_) document.rows.emplace_back();
    too_deep = ++depth_ > kMaxDepth;
    return !too_deep;
  }

  bool close() {
    --depth_;
    if (depth_ <= 2) in_row_ = false;
    if (depth_ <= 1) in_data_ = false;
    return true;
  }

  const std::size_t max_rows_;
  std::size_t depth_ = 0;  // open objects and lists
  bool in_data_ = false;
  bool in_row_ = false;
  std::array<std::string, 4> keys_;  // the latest key of each of the outer levels
};

}  // namespace

Expected<Document, Unreadable> pick(std::string_view text, std::size_t max_rows) {
  Picker picker(max_rows);
  if (json::sax_parse(text, &picker)) return std::move(picker.document);
  return unexpected(picker.too_deep ? Unreadable::kTooDeep : Unreadable::kSyntax);
}

}  // namespace fluxpg::discovery
