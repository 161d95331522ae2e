# Check units (check_*.cpp), SQL (sql/), end to end (e2e/), benchmarks (bench/). Everything speaks TAP.
TEST_LIBS = $(COMMON_LIBS) $(CHECK_LIBS)

check_PROGRAMS += tests/check_frame_range
TESTS += tests/check_frame_range
tests_check_frame_range_SOURCES = tests/check_frame_range.cpp tests/support/check_main.h
tests_check_frame_range_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_http_client
TESTS += tests/check_http_client
tests_check_http_client_SOURCES = tests/check_http_client.cpp tests/support/check_main.h tests/support/helper_program.h
tests_check_http_client_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/support/http_lab.py

check_PROGRAMS += tests/check_process
TESTS += tests/check_process
tests_check_process_SOURCES = tests/check_process.cpp tests/support/check_main.h
tests_check_process_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_render_method
TESTS += tests/check_render_method
tests_check_render_method_SOURCES = tests/check_render_method.cpp tests/support/check_main.h
tests_check_render_method_CXXFLAGS = $(AM_CXXFLAGS) $(XML_CFLAGS)
tests_check_render_method_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/check_blend_file
TESTS += tests/check_blend_file
tests_check_blend_file_SOURCES = tests/check_blend_file.cpp tests/support/blend_writer.h tests/support/check_main.h
tests_check_blend_file_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/support/scenes/make_scenes.py
