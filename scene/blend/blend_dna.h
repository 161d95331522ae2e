// The description of all structs that a .blend contains (block DNA1), and typed access to a block's bytes by field
// name, so that files of any Blender version can be read. Values in memory, one thread; a Record must not outlive its
// BlendDna nor its bytes. Bytes are untrusted: everything is checked; absent, differently typed and out-of-range fields
// are nullopt. Errors of parse (invalid): an inconsistent description.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"

namespace distren {

// How numbers and pointers are stored in this file.
struct BlendLayout {
  int pointer_size = 8;
  bool big_endian = false;
  std::uint64_t integer(std::span<unsigned char const> bytes) const;
};

class BlendDna {
public:
  BlendDna(BlendDna&&) = default;  // not copyable: a copy would refer to the original's names
  BlendDna& operator=(BlendDna&&) = default;
  BlendDna(BlendDna const&) = delete;
  BlendDna& operator=(BlendDna const&) = delete;
  static Result<BlendDna> parse(std::span<unsigned char const> block, BlendLayout layout);

  struct Field {
    std::string_view name;  // without stars and brackets
    std::string_view type;
    std::size_t offset = 0;  // bytes from the start of the struct
    std::size_t size = 0;    // of one element
    std::size_t count = 1;   // elements of an array, all dimensions multiplied
    bool pointer = false;
  };

  BlendLayout const& layout() const { return layout_; }
  std::string_view struct_name(std::size_t index) const;
  std::size_t struct_size(std::size_t index) const;
  std::optional<std::size_t> struct_index(std::string_view name) const;
  Field const* field(std::size_t struct_index, std::string_view name) const;

private:
  BlendDna() = default;
  struct Struct {
    std::size_t type = 0;
    std::vector<Field> fields;
  };
  Result<void> parse_structs(std::span<unsigned char const> block, std::size_t& at);
  Field make_field(std::size_t type, std::string_view decorated) const;

  BlendLayout layout_;
  std::vector<std::string> names_, types_;
  std::vector<std::size_t> sizes_;
  std::vector<Struct> structs_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

// One struct inside a block. Paths are dotted: "r.im_format.imtype", "id.name".
class Record {
public:
  Record(BlendDna const& dna, std::size_t struct_index, std::span<unsigned char const> bytes)
      : dna_(&dna), struct_index_(struct_index), bytes_(bytes) {}

  std::string_view type() const { return dna_->struct_name(struct_index_); }
  std::optional<std::int64_t> integer(std::string_view path) const;
  std::optional<double> real(std::string_view path) const;
  std::optional<std::string> text(std::string_view path) const;
  // The object's address when it was saved; 0 is null.
  std::optional<std::uint64_t> pointer(std::string_view path) const;

private:
  struct Place {
    BlendDna::Field const* field;
    std::span<unsigned char const> bytes;
  };
  std::optional<Place> find(std::string_view path) const;

  BlendDna const* dna_;
  std::size_t struct_index_;
  std::span<unsigned char const> bytes_;
};

}  // namespace distren
