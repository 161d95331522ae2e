// A probe of a render method: one tiny frame by which a slave tries what a program can do on its machine. The scene's
// folder is the job's, so that everything that it reads lies beside it. Values; any thread.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

class XmlElement;
struct RenderMethod;

struct Probe {
  std::filesystem::path scene;  // absolute
  std::string engine{};         // what is offered when it renders; empty: the method, which is not offered otherwise
  std::string from{};           // versions that have it: at least this, empty: all
  std::string before{};         // and below this
  std::string advice{};         // what helps where it fails, for the volunteer
  nlohmann::json parameters;    // as of an order

  [[nodiscard]] bool is_for(std::string_view version) const;
};

// file: of the definition, for messages. Requires the method's parameters and formats. invalid.
Result<Probe> read_probe(RenderMethod const& method, std::string const& file, XmlElement const& element);

}  // namespace distren
