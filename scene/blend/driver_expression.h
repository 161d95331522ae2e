// Tells which driver expressions Blender evaluates by itself, without Python, so that they work where scripts are
// forbidden: the grammar of its expr_pylike_eval.c, the same in 2.83 to 5.2. Pure. Depth is bounded: an expression that
// nests deeper than any real one counts as Python's.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace distren {

// names: of the driver's variables; "frame" is always known.
bool is_simple_expression(std::string_view expression, std::span<std::string const> names);

}  // namespace distren
