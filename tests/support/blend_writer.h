// Writes small .blend files with a DNA of their own, in every shape that Blender has used: pointers of 4 or 8 bytes,
// either byte order, blocks with short or long lengths. For tests; bytes only, no file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace distren {

struct BlendShape {
  int pointer_size = 8;
  bool big_endian = false;
  bool large_blocks = false;
  std::string header = "BLENDER-v279";
};

class BlendWriter {
public:
  explicit BlendWriter(BlendShape shape) : shape_(std::move(shape)), bytes_(shape_.header) {}

  std::string number(std::uint64_t value, int size) const {
    std::string result;
    for (int i = 0; i < size; ++i)
      result.push_back(static_cast<char>(value >> 8 * (shape_.big_endian ? size - 1 - i : i) & 0xff));
    return result;
  }
  std::string pointer(std::uint64_t value) const { return number(value, shape_.pointer_size); }
  static std::string text(std::string_view value, std::size_t size) {
    std::string result(value);
    result.resize(size, '\0');
    return result;
  }

  // Types that are not basic must be declared before they are used as a member.
  std::size_t add_struct(std::string const& type, std::vector<std::pair<std::string, std::string>> const& fields) {
    std::size_t size = 0;
    for (auto const& [field_type, name] : fields) size += field_size(field_type, name);
    structs_.push_back({type_index(type, size), {}});
    for (auto const& [field_type, name] : fields)
      structs_.back().second.emplace_back(type_index(field_type, 0), name_index(name));
    return structs_.size() - 1;
  }

  void add_block(std::string_view code, std::uint64_t address, std::size_t struct_index, std::string const& payload,
                 std::uint64_t count = 1) {
    bytes_ += shape_.big_endian && code.size() == 2 ? std::string(2, '\0') + std::string(code) : text(code, 4);
    if (shape_.large_blocks) {
      bytes_ += number(struct_index, 4) + number(address, 8) + number(payload.size(), 8) + number(count, 8);
    } else {
      bytes_ += number(payload.size(), 4) + pointer(address) + number(struct_index, 4) + number(count, 4);
    }
    bytes_ += payload;
  }

  std::string dna() const {
    std::string result = "SDNANAME" + number(names_.size(), 4);
    for (auto const& name : names_) result += name + '\0';
    result.resize((result.size() + 3) / 4 * 4);
    result += "TYPE" + number(types_.size(), 4);
    for (auto const& type : types_) result += type.first + '\0';
    result.resize((result.size() + 3) / 4 * 4);
    result += "TLEN";
    for (auto const& type : types_) result += number(type.second, 2);
    result.resize((result.size() + 3) / 4 * 4);
    result += "STRC" + number(structs_.size(), 4);
    for (auto const& [type, fields] : structs_) {
      result += number(type, 2) + number(fields.size(), 2);
      for (auto const& [field_type, name] : fields) result += number(field_type, 2) + number(name, 2);
    }
    return result;
  }
  void add_dna() { add_block("DNA1", 0, 0, dna()); }
  std::string finish() {
    add_block("ENDB", 0, 0, "", 0);
    return bytes_;
  }

private:
  std::size_t field_size(std::string const& type, std::string const& name) {
    std::size_t size =
        name[0] == '*' ? static_cast<std::size_t>(shape_.pointer_size) : types_[type_index(type, 0)].second;
    if (auto const open = name.find('['); open != std::string::npos)
      size *= static_cast<std::size_t>(std::stoul(name.substr(open + 1)));
    return size;
  }
  std::size_t type_index(std::string const& type, std::size_t size) {
    auto found = std::ranges::find(types_, type, &std::pair<std::string, std::size_t>::first);
    if (found == types_.end()) found = types_.insert(types_.end(), {type, size});
    if (size > 0) found->second = size;
    return static_cast<std::size_t>(found - types_.begin());
  }
  std::size_t name_index(std::string const& name) {
    auto found = std::ranges::find(names_, name);
    if (found == names_.end()) found = names_.insert(names_.end(), name);
    return static_cast<std::size_t>(found - names_.begin());
  }

  BlendShape shape_;
  std::string bytes_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::size_t>> types_{{"char", 1}, {"short", 2}, {"int", 4}, {"float", 4}};
  std::vector<std::pair<std::size_t, std::vector<std::pair<std::size_t, std::size_t>>>> structs_;
};

}  // namespace distren
