#include "scene/blend/blend_dna.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

namespace distren {
namespace {

constexpr std::size_t max_entries = 1 << 16;   // names, types, structs: indices have 16 bits
constexpr std::size_t max_elements = 1 << 24;  // of one array
constexpr std::size_t no_struct = SIZE_MAX;

struct Basic {
  std::string_view name;
  std::size_t size;
  enum { is_signed, is_unsigned, is_real } kind;
};
constexpr std::array basics{Basic{"char", 1, Basic::is_signed},    Basic{"uchar", 1, Basic::is_unsigned},
                            Basic{"int8_t", 1, Basic::is_signed},  Basic{"bool", 1, Basic::is_unsigned},
                            Basic{"short", 2, Basic::is_signed},   Basic{"ushort", 2, Basic::is_unsigned},
                            Basic{"int", 4, Basic::is_signed},     Basic{"uint", 4, Basic::is_unsigned},
                            Basic{"long", 4, Basic::is_signed},    Basic{"ulong", 4, Basic::is_unsigned},
                            Basic{"int64_t", 8, Basic::is_signed}, Basic{"uint64_t", 8, Basic::is_unsigned},
                            Basic{"float", 4, Basic::is_real},     Basic{"double", 8, Basic::is_real}};

Basic const* basic(std::string_view name) {
  for (auto const& candidate : basics)
    if (candidate.name == name) return &candidate;
  return nullptr;
}

class Reader {
public:
  Reader(std::span<unsigned char const> data, std::size_t& at, BlendLayout const& layout)
      : data_(data), at_(at), layout_(layout) {}

  bool tag(std::string_view wanted) {
    if (data_.size() - at_ < 4 || std::memcmp(data_.data() + at_, wanted.data(), 4) != 0) return false;
    at_ += 4;
    return true;
  }
  std::optional<std::size_t> number(std::size_t bytes) {
    if (data_.size() - at_ < bytes) return std::nullopt;
    at_ += bytes;
    return static_cast<std::size_t>(layout_.integer(data_.subspan(at_ - bytes, bytes)));
  }
  bool strings(std::vector<std::string>& to) {
    auto count = number(4);
    if (!count || *count > max_entries) return false;
    for (std::size_t i = 0; i < *count; ++i) {
      auto const rest = data_.subspan(at_);
      auto const* end = rest.empty() ? nullptr : std::memchr(rest.data(), 0, rest.size());
      if (end == nullptr) return false;
      auto const length = static_cast<std::size_t>(static_cast<unsigned char const*>(end) - rest.data());
      to.emplace_back(reinterpret_cast<char const*>(rest.data()), length);
      at_ += length + 1;
    }
    return true;
  }
  bool align() {
    auto const aligned = (at_ + 3) & ~std::size_t{3};
    if (aligned > data_.size()) return false;
    at_ = aligned;
    return true;
  }

private:
  std::span<unsigned char const> data_;
  std::size_t& at_;
  BlendLayout const& layout_;
};

Error damaged(std::size_t at) {
  return fail(Errc::invalid,
              fmt::format("The description of the file's structs (block DNA1) is damaged at its byte {}; "
                          "copy the file again.",
                          at));
}

std::int64_t sign_extended(std::uint64_t value, std::size_t size) {
  auto const shift = 64 - 8 * size;
  return static_cast<std::int64_t>(value << shift) >> shift;
}

}  // namespace

std::uint64_t BlendLayout::integer(std::span<unsigned char const> bytes) const {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 8; ++i)
    value = value << 8 | bytes[big_endian ? i : bytes.size() - 1 - i];
  return value;
}

Result<BlendDna> BlendDna::parse(std::span<unsigned char const> block, BlendLayout layout) {
  BlendDna dna;
  dna.layout_ = layout;
  std::size_t at = 0;
  Reader reader(block, at, dna.layout_);
  bool const named = reader.tag("SDNA") && reader.tag("NAME") && reader.strings(dna.names_) && reader.align() &&
                     reader.tag("TYPE") && reader.strings(dna.types_) && reader.align() && reader.tag("TLEN");
  if (!named) return damaged(at);
  for (std::size_t i = 0; i < dna.types_.size(); ++i) {
    auto size = reader.number(2);
    if (!size) return damaged(at);
    dna.sizes_.push_back(*size);
  }
  if (!reader.align() || !reader.tag("STRC")) return damaged(at);
  if (auto parsed = dna.parse_structs(block, at); !parsed) return parsed.error();
  return dna;
}

Result<void> BlendDna::parse_structs(std::span<unsigned char const> block, std::size_t& at) {
  Reader reader(block, at, layout_);
  auto count = reader.number(4);
  if (!count || *count > max_entries) return damaged(at);
  for (std::size_t i = 0; i < *count; ++i) {
    auto type = reader.number(2);
    auto fields = reader.number(2);
    if (!type || !fields || *type >= types_.size()) return damaged(at);
    Struct entry{*type, {}};
    std::size_t offset = 0;
    for (std::size_t j = 0; j < *fields; ++j) {
      auto field_type = reader.number(2);
      auto field_name = reader.number(2);
      if (!field_type || !field_name || *field_type >= types_.size() || *field_name >= names_.size())
        return damaged(at);
      Field field = make_field(*field_type, names_[*field_name]);
      if (field.count == 0 || field.count > max_elements) return damaged(at);
      field.offset = offset;
      offset += field.size * field.count;
      if (offset > max_elements) return damaged(at);
      entry.fields.push_back(field);
    }
    structs_.push_back(std::move(entry));
    by_name_.emplace(types_[*type], i);
  }
  return {};
}

BlendDna::Field BlendDna::make_field(std::size_t type, std::string_view decorated) const {
  Field field;
  field.type = types_[type];
  // "*next", "*mat[16]", "(*function)()": a star anywhere makes it a pointer, brackets multiply.
  field.pointer = decorated.find('*') != std::string_view::npos;
  auto const begin = decorated.find_first_not_of("(*");
  auto const end = decorated.find_first_of("[)", begin == std::string_view::npos ? 0 : begin);
  field.name = begin == std::string_view::npos ? std::string_view{} : decorated.substr(begin, end - begin);
  for (auto open = decorated.find('['); open != std::string_view::npos; open = decorated.find('[', open + 1)) {
    std::size_t dimension = 0;
    std::from_chars(decorated.data() + open + 1, decorated.data() + decorated.size(), dimension);
    if (dimension > max_elements) dimension = 0;
    field.count *= dimension;
    if (field.count > max_elements) field.count = 0;  // rejected by the caller
  }
  field.size = field.pointer ? static_cast<std::size_t>(layout_.pointer_size) : sizes_[type];
  return field;
}

std::string_view BlendDna::struct_name(std::size_t index) const {
  return index < structs_.size() ? std::string_view(types_[structs_[index].type]) : std::string_view{};
}

std::size_t BlendDna::struct_size(std::size_t index) const {
  return index < structs_.size() ? sizes_[structs_[index].type] : 0;
}

std::optional<std::size_t> BlendDna::struct_index(std::string_view name) const {
  auto const found = by_name_.find(name);
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

BlendDna::Field const* BlendDna::field(std::size_t struct_index, std::string_view name) const {
  if (struct_index >= structs_.size()) return nullptr;
  for (auto const& field : structs_[struct_index].fields)
    if (field.name == name) return &field;
  return nullptr;
}

std::optional<Record::Place> Record::find(std::string_view path) const {
  std::size_t index = struct_index_;
  auto bytes = bytes_;
  for (;;) {
    auto const dot = path.find('.');
    auto const* field = dna_->field(index, path.substr(0, dot));
    if (field == nullptr) return std::nullopt;
    auto const length = field->size * field->count;
    if (field->offset > bytes.size() || length > bytes.size() - field->offset) return std::nullopt;
    bytes = bytes.subspan(field->offset, length);
    if (dot == std::string_view::npos) return Place{field, bytes};
    path.remove_prefix(dot + 1);
    auto const inner = field->pointer ? std::nullopt : dna_->struct_index(field->type);
    if (!inner) return std::nullopt;
    index = *inner;
  }
}

std::optional<std::int64_t> Record::integer(std::string_view path) const {
  auto const place = find(path);
  if (!place || place->field->pointer) return std::nullopt;
  auto const* type = basic(place->field->type);
  if (type == nullptr || type->kind == Basic::is_real || place->field->size != type->size) return std::nullopt;
  auto const value = dna_->layout().integer(place->bytes.first(type->size));
  return type->kind == Basic::is_signed ? sign_extended(value, type->size) : static_cast<std::int64_t>(value);
}

std::optional<double> Record::real(std::string_view path) const {
  auto const place = find(path);
  if (!place || place->field->pointer) return std::nullopt;
  auto const* type = basic(place->field->type);
  if (type == nullptr || type->kind != Basic::is_real || place->field->size != type->size) return std::nullopt;
  auto const value = dna_->layout().integer(place->bytes.first(type->size));
  if (type->size == 8) return std::bit_cast<double>(value);
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
}

std::optional<std::string> Record::text(std::string_view path) const {
  auto const place = find(path);
  if (!place || place->field->pointer || place->field->size != 1) return std::nullopt;
  auto const* begin = reinterpret_cast<char const*>(place->bytes.data());
  return std::string(begin, strnlen(begin, place->bytes.size()));
}

std::optional<std::uint64_t> Record::pointer(std::string_view path) const {
  auto const place = find(path);
  if (!place || !place->field->pointer) return std::nullopt;
  return dna_->layout().integer(place->bytes.first(place->field->size));
}

}  // namespace distren
