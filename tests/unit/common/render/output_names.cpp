// Names of the files that a frame has besides its image.
#include "common/render/output_names.h"

#include <string>

#include "tests/support/check_main.h"

using namespace distren;

namespace {

START_TEST(names_as_blender_gives_them_are_taken) {
  for (auto const* name :
       {"Depth/0005.exr", "0005_L.png", "a/b/c/Image0001.EXR", "v1.2/mist-0001.tiff", "\xc3\xa4/1.png"})
    ck_assert_msg(check_output_name(name).has_value(), "%s", name);
}
END_TEST

START_TEST(names_that_lead_elsewhere_or_are_no_images_are_rejected) {
  for (std::string const& name :
       {std::string(""), std::string("../1.png"), std::string("/1.png"), std::string("a//1.png"),
        std::string("a/./1.png"), std::string(".1.png"), std::string("a/.b/1.png"), std::string("a\\1.png"),
        std::string("a\n1.png"), std::string("page.html"), std::string("0001"), std::string("a/.png"),
        std::string("png"), std::string(260, 'x') + ".png",
        std::string(100, 'a') + "/" + std::string(100, 'b') + "/" + std::string(100, 'c') + ".png"})
    ck_assert_msg(!check_output_name(name).has_value(), "%s", name.c_str());
}
END_TEST

START_TEST(the_main_image_of_any_frame_is_known_by_its_pattern) {
  for (auto const* name : {"0005.png", "5.png", "-0005.png", "123456.png"})
    ck_assert_msg(is_main_output_name("%04d.png", name), "%s", name);
  for (auto const* name : {"0005_L.png", "0005.exr", "Depth/0005.png", ".png", "-.png", "x0005.png"})
    ck_assert_msg(!is_main_output_name("%04d.png", name), "%s", name);
  ck_assert(is_main_output_name("film.mp4", "film.mp4") && !is_main_output_name("film.mp4", "0001.png"));
  ck_assert(is_main_output_name("shot_%04d_x.exr", "shot_0001_x.exr"));
}
END_TEST

TestGroup const names_tests{
    "output_names",
    {names_as_blender_gives_them_are_taken, names_that_lead_elsewhere_or_are_no_images_are_rejected,
     the_main_image_of_any_frame_is_known_by_its_pattern}};

}  // namespace
