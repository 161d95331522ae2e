// XML files, read whole and validated by a schema; the only user of libxml2. Any thread, one thread per document. Opens
// no file but the given ones: no DTD, no entities, no network; size and depth are limited. Errors: invalid with file,
// line and reason; not_found.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

struct _xmlDoc;
struct _xmlNode;

namespace distren {

// An element; valid as long as its document.
class XmlElement {
public:
  explicit XmlElement(_xmlNode* node) : node_(node) {}
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::optional<std::string> attribute(char const* name) const;
  [[nodiscard]] std::string text() const;  // of the element and its descendants, trimmed
  [[nodiscard]] std::vector<XmlElement> children() const;
  [[nodiscard]] std::vector<XmlElement> children(std::string_view name) const;
  [[nodiscard]] std::optional<XmlElement> child(std::string_view name) const;
  [[nodiscard]] long line() const;

private:
  _xmlNode* node_;
};

class XmlDocument {
public:
  static constexpr std::size_t size_limit = 256U << 10;
  static constexpr int depth_limit = 24;

  static Result<XmlDocument> load(std::filesystem::path const& file, std::filesystem::path const& schema);
  // name: for messages.
  static Result<XmlDocument> parse(std::string_view text, std::string const& name, std::filesystem::path const& schema);
  [[nodiscard]] XmlElement root() const;

private:
  struct Free {
    void operator()(_xmlDoc* document) const;
  };
  explicit XmlDocument(_xmlDoc* document) : document_(document) {}
  std::unique_ptr<_xmlDoc, Free> document_;
};

}  // namespace distren
