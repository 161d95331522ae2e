// All messages as documented: who sends them, which members they have, what is allowed in each. For the test
// of doc/protocol.md, and for messages that name what there is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace distren::protocol {

struct MemberShape {
  std::string path;     // "output.name", "files[].path"
  std::string allowed;  // "an integer from 0 to 64"
  bool operator==(MemberShape const&) const = default;
};
struct MessageShape {
  std::string type;
  std::string_view from;  // "slave", "server", "both"
  std::vector<MemberShape> members;
};
std::vector<MessageShape> message_shapes();

// The names of what an owner may request of a slave.
std::vector<std::string> remote_setting_names();

}  // namespace distren::protocol
