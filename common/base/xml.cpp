#include "common/base/xml.h"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>

#include "common/base/files.h"

namespace distren {

namespace {

std::string from_xml(xmlChar const* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<char const*>(text));
}

xmlChar const* to_xml(char const* text) {
  return reinterpret_cast<xmlChar const*>(text);
}

std::string one_line(char const* text) {
  std::string out = text == nullptr ? "unknown error" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  for (auto& c : out)
    if (c == '\n') c = ' ';
  return out;
}

// The first error is kept; those after it are mostly its echo.
struct FirstError {
  std::string name;
  std::string text;
};

void remember(void* data, xmlErrorPtr error) {
  auto& first = *static_cast<FirstError*>(data);
  if (first.text.empty() && error != nullptr)
    first.text = fmt::format("{}:{}: {}", first.name, error->line, one_line(error->message));
}

bool too_deep(xmlNode const* node, int room) {
  for (; node != nullptr; node = node->next)
    if (room == 0 || too_deep(node->children, room - 1)) return true;
  return false;
}

template <typename T, void (*release)(T*)>
struct Releaser {
  void operator()(T* thing) const { release(thing); }
};
template <typename T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Releaser<T, release>>;

Result<void> validate(xmlDoc* document, std::string const& name, std::filesystem::path const& schema) {
  FirstError error{schema.string(), {}};
  Owned<xmlSchemaParserCtxt, xmlSchemaFreeParserCtxt> const parser(xmlSchemaNewParserCtxt(schema.c_str()));
  if (parser) xmlSchemaSetParserStructuredErrors(parser.get(), remember, &error);
  Owned<xmlSchema, xmlSchemaFree> const rules(parser ? xmlSchemaParse(parser.get()) : nullptr);
  if (!rules)
    return fail(Errc::invalid,
                error.text.empty() ? fmt::format("cannot read the schema {}", schema.string()) : error.text);
  Owned<xmlSchemaValidCtxt, xmlSchemaFreeValidCtxt> const checker(xmlSchemaNewValidCtxt(rules.get()));
  if (!checker) return fail(Errc::unavailable, "no memory to check XML");
  error = {name, {}};
  xmlSchemaSetValidStructuredErrors(checker.get(), remember, &error);
  if (xmlSchemaValidateDoc(checker.get(), document) != 0) return fail(Errc::invalid, error.text);
  return {};
}

}  // namespace

void XmlDocument::Free::operator()(_xmlDoc* document) const {
  xmlFreeDoc(document);
}

Result<XmlDocument> XmlDocument::load(std::filesystem::path const& file, std::filesystem::path const& schema) {
  auto text = read_file(file, size_limit);
  if (!text) return text.error();
  return parse(*text, file.string(), schema);
}

Result<XmlDocument> XmlDocument::parse(std::string_view text, std::string const& name,
                                       std::filesystem::path const& schema) {
  if (text.size() > size_limit)
    return fail(Errc::invalid, fmt::format("{} has {} bytes, at most {} are read", name, text.size(), size_limit));
  // Before the parser sees it: what is declared there can grow without bound or name other files. The encoding is
  // forced below, so that the word cannot hide in another one.
  if (text.find("<!DOCTYPE") != std::string_view::npos)
    return fail(Errc::invalid, fmt::format("{} has a document type declaration, which is not allowed", name));
  Owned<xmlParserCtxt, xmlFreeParserCtxt> const parser(xmlNewParserCtxt());
  if (!parser) return fail(Errc::unavailable, "no memory to read XML");
  XmlDocument document(xmlCtxtReadMemory(parser.get(), text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (!document.document_) {
    auto const* error = xmlCtxtGetLastError(parser.get());
    return fail(Errc::invalid, fmt::format("{}:{}: {}", name, error != nullptr ? error->line : 0,
                                           one_line(error != nullptr ? error->message : nullptr)));
  }
  if (document.document_->intSubset != nullptr || document.document_->extSubset != nullptr)
    return fail(Errc::invalid, fmt::format("{} has a document type declaration, which is not allowed", name));
  if (too_deep(document.document_->children, depth_limit))
    return fail(Errc::invalid, fmt::format("{} is nested deeper than {} elements", name, depth_limit));
  auto const valid = validate(document.document_.get(), name, schema);
  if (!valid) return valid.error();
  return document;
}

XmlElement XmlDocument::root() const {
  return XmlElement(xmlDocGetRootElement(document_.get()));
}

std::string XmlElement::name() const {
  return from_xml(node_->name);
}

std::optional<std::string> XmlElement::attribute(char const* name) const {
  std::unique_ptr<xmlChar, decltype(xmlFree)> const value(xmlGetNoNsProp(node_, to_xml(name)), xmlFree);
  return value ? std::optional(from_xml(value.get())) : std::nullopt;
}

std::string XmlElement::text() const {
  std::unique_ptr<xmlChar, decltype(xmlFree)> const content(xmlNodeGetContent(node_), xmlFree);
  std::string const all = from_xml(content.get());
  auto const first = all.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return all.substr(first, all.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<XmlElement> XmlElement::children() const {
  std::vector<XmlElement> out;
  for (xmlNode* child = node_->children; child != nullptr; child = child->next)
    if (child->type == XML_ELEMENT_NODE) out.emplace_back(child);
  return out;
}

std::vector<XmlElement> XmlElement::children(std::string_view name) const {
  std::vector<XmlElement> out;
  for (auto const& child : children())
    if (child.name() == name) out.push_back(child);
  return out;
}

std::optional<XmlElement> XmlElement::child(std::string_view name) const {
  auto const found = children(name);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

long XmlElement::line() const {
  return xmlGetLineNo(node_);
}

}  // namespace distren
