#include "scene/blend/driver_expression.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace distren {
namespace {

constexpr int max_depth = 64;  // expressions have at most 255 bytes

struct Function {
  std::string_view name;
  int least, most;  // arguments
};
constexpr int any = 1000;
constexpr std::array functions{
    Function{"radians", 1, 1}, Function{"degrees", 1, 1}, Function{"abs", 1, 1},        Function{"fabs", 1, 1},
    Function{"floor", 1, 1},   Function{"ceil", 1, 1},    Function{"trunc", 1, 1},      Function{"round", 1, 1},
    Function{"int", 1, 1},     Function{"sin", 1, 1},     Function{"cos", 1, 1},        Function{"tan", 1, 1},
    Function{"asin", 1, 1},    Function{"acos", 1, 1},    Function{"atan", 1, 1},       Function{"atan2", 2, 2},
    Function{"exp", 1, 1},     Function{"log", 1, 2},     Function{"sqrt", 1, 1},       Function{"pow", 2, 2},
    Function{"fmod", 2, 2},    Function{"lerp", 3, 3},    Function{"smoothstep", 3, 3}, Function{"min", 1, any},
    Function{"max", 1, any},   Function{"clamp", 1, 1},   Function{"clamp", 3, 3}};
constexpr std::array<std::string_view, 3> constants{"pi", "True", "False"};
constexpr std::array<std::string_view, 5> keywords{"and", "or", "not", "if", "else"};

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}
bool is_word(char letter) {
  return is_digit(letter) || letter == '_' || std::isalpha(static_cast<unsigned char>(letter)) != 0;
}

class Parser {
public:
  Parser(std::string_view text, std::span<std::string const> names) : text_(text), names_(names) { next(); }

  bool whole() { return expression() && kind_ == Kind::end; }

private:
  enum class Kind { end, number, name, symbol, bad };

  void next() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) text_.remove_prefix(1);
    if (text_.empty()) return become(Kind::end, 0);
    char const first = text_.front();
    if (is_digit(first) || (first == '.' && text_.size() > 1 && is_digit(text_[1]))) return number();
    if (text_.size() > 1 && text_[1] == '=' && std::string_view("!=<>").find(first) != std::string_view::npos)
      return become(Kind::symbol, 2);
    if (std::string_view("+-*/()<>,").find(first) != std::string_view::npos) return become(Kind::symbol, 1);
    if (!is_word(first)) return become(Kind::bad, 0);
    std::size_t length = 1;
    while (length < text_.size() && is_word(text_[length])) ++length;
    become(Kind::name, length);
  }
  void number() {
    std::size_t at = 0;
    auto const digits = [&] {
      auto const begin = at;
      while (at < text_.size() && is_digit(text_[at])) ++at;
      return at > begin;
    };
    digits();
    bool whole = true;
    if (at < text_.size() && text_[at] == '.') {
      whole = false;
      ++at;
      digits();
    }
    if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
      whole = false;
      ++at;
      if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
      if (!digits()) return become(Kind::bad, 0);
    }
    // Octal numbers of C are forbidden: 010.
    bool const octal =
        whole && text_.front() == '0' && text_.substr(0, at).find_first_not_of('0') != std::string_view::npos;
    become(octal ? Kind::bad : Kind::number, at);
  }
  void become(Kind kind, std::size_t length) {
    kind_ = kind;
    token_ = text_.substr(0, length);
    text_.remove_prefix(length);
  }
  bool take(Kind kind, std::string_view token) {
    if (kind_ != kind || token_ != token) return false;
    next();
    return true;
  }
  bool symbol(std::string_view token) { return take(Kind::symbol, token); }
  bool word(std::string_view token) { return take(Kind::name, token); }

  bool expression() {
    if (!either()) return false;
    if (!word("if")) return true;
    return either() && word("else") && nested([this] { return expression(); });
  }
  bool either() {
    do
      if (!both()) return false;
    while (word("or"));
    return true;
  }
  bool both() {
    do
      if (!negation()) return false;
    while (word("and"));
    return true;
  }
  bool negation() {
    return word("not") ? nested([this] { return negation(); }) : comparison();
  }
  bool comparison() {
    do
      if (!sum()) return false;
    while (symbol("==") || symbol("!=") || symbol("<=") || symbol(">=") || symbol("<") || symbol(">"));
    return true;
  }
  bool sum() {
    do
      if (!product()) return false;
    while (symbol("+") || symbol("-"));
    return true;
  }
  bool product() {
    do
      if (!unary()) return false;
    while (symbol("*") || symbol("/"));
    return true;
  }
  bool unary() {
    if (symbol("+") || symbol("-")) return nested([this] { return unary(); });
    if (symbol("(")) return nested([this] { return expression(); }) && symbol(")");
    if (kind_ == Kind::number) {
      next();
      return true;
    }
    if (kind_ != Kind::name || std::ranges::find(keywords, token_) != keywords.end()) return false;
    auto const name = token_;
    next();
    if (name == "frame" || std::ranges::find(names_, name) != names_.end() ||
        std::ranges::find(constants, name) != constants.end())
      return true;
    if (std::ranges::find(functions, name, &Function::name) == functions.end()) return false;
    return symbol("(") && nested([this, name] { return arguments(name); });
  }
  bool arguments(std::string_view name) {
    int count = 0;
    do
      if (!expression()) return false;
    while (++count < any && symbol(","));
    return symbol(")") && std::ranges::any_of(functions, [&](Function const& each) {
             return each.name == name && count >= each.least && count <= each.most;
           });
  }
  template <typename Parse>
  bool nested(Parse const& parse) {
    if (depth_ == max_depth) return false;
    ++depth_;
    bool const good = parse();
    --depth_;
    return good;
  }

  std::string_view text_, token_;
  std::span<std::string const> names_;
  Kind kind_ = Kind::end;
  int depth_ = 0;
};

}  // namespace

bool is_simple_expression(std::string_view expression, std::span<std::string const> names) {
  return Parser(expression, names).whole();
}

}  // namespace distren
