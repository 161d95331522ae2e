// The files that the client brings with a POV-Ray scene.
#include <fstream>

#include "client/povray_files.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;

namespace {

START_TEST(the_client_brings_what_the_texts_name) {
  ScratchFolder const scratch;
  std::ofstream(scratch / "a.pov") << "#include \"b.inc\" #include \"colors.inc\"";
  std::ofstream(scratch / "b.inc") << "png \"tex/wood.png\" #include \"a.pov\" #include \"gone.inc\"";
  auto const found = client::povray_references(scratch / "a.pov");
  ck_assert(found.has_value());
  std::string all;
  for (auto const& file : found->files) all += file.path + " ";
  ck_assert_text(all, "b.inc tex/wood.png a.pov gone.inc ");
}
END_TEST

TestGroup const povray_tests{"povray", {the_client_brings_what_the_texts_name}};

}  // namespace
