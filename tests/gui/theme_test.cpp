#include "gui/theme.h"

#include <array>
#include <cmath>
#include <string>

#include "tests/support/catch.h"

using namespace palloscope::gui;

namespace {

using Rgb = std::array<double, 3>;

double linear(double channel) {
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

Rgb linear(Color color) {
  const auto [r, g, b, a] = to_floats(color);
  return {linear(r), linear(g), linear(b)};
}

double luminance(const Rgb& c) { return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; }

// WCAG 2: 1 (none) to 21.
double contrast(Color a, Color b) {
  const double x = luminance(linear(a)), y = luminance(linear(b));
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

using Matrix = std::array<Rgb, 3>;

// Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
constexpr Matrix kNormal = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Matrix kProtanopia = {
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeuteranopia = {
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix kTritanopia = {
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

Rgb seen(const Matrix& sight, const Rgb& c) {
  Rgb result{};
  for (std::size_t i = 0; i < 3; ++i)
    result[i] = std::min(1.0, std::max(0.0, sight[i][0] * c[0] + sight[i][1] * c[1] + sight[i][2] * c[2]));
  return result;
}

// CIE L*a*b*, D65.
Rgb lab(const Rgb& c) {
  const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
  const double x = f((0.4124 * c[0] + 0.3576 * c[1] + 0.1805 * c[2]) / 0.95047);
  const double y = f(0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]);
  const double z = f((0.0193 * c[0] + 0.1192 * c[1] + 0.9505 * c[2]) / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double difference(const Matrix& sight, Color a, Color b) {
  const Rgb x = lab(seen(sight, linear(a))), y = lab(seen(sight, linear(b)));
  return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

}  // namespace

TEST_CASE("text can be read on every surface of both themes") {
  for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
    const Theme& theme = theme_of(choice);
    for (const Color surface : {theme.ground, theme.panel, theme.raised}) REQUIRE(contrast(theme.text, surface) >= 7);
    for (const Color surface : {theme.ground, theme.panel}) REQUIRE(contrast(theme.dim, surface) >= 4.5);
    REQUIRE(contrast(theme.on_accent, theme.accent) >= 3);
    for (const Color word :
         {theme.accent, theme.notice, theme.warning, theme.problem, theme.born, theme.gone, theme.changed})
      REQUIRE(contrast(word, theme.panel) >= 4.5);
  }
}

TEST_CASE("owner colours part from each other for all four kinds of sight") {
  for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
    const auto& owner = theme_of(choice).owner;
    for (const auto& [name, sight] : {std::pair<std::string, Matrix>{"normal", kNormal},
                                      {"protanopia", kProtanopia},
                                      {"deuteranopia", kDeuteranopia},
                                      {"tritanopia", kTritanopia}})
      for (std::size_t a = 0; a < owner.size(); ++a)
        for (std::size_t b = a + 1; b < owner.size(); ++b) {
          INFO((choice == ThemeChoice::Dark ? "dark" : "light") << ", " << name << ": owner " << a << " and " << b);
          CHECK(difference(sight, owner[a], owner[b]) >= 12);
        }
  }
}

TEST_CASE("live, free and never-used memory part in lightness alone, as in a grey print") {
  for (const ThemeChoice choice : {ThemeChoice::Dark, ThemeChoice::Light}) {
    const Theme& theme = theme_of(choice);
    const auto lightness = [](Color color) { return lab(linear(color))[0]; };
    REQUIRE(std::abs(lightness(theme.live) - lightness(theme.free)) >= 12);
    REQUIRE(std::abs(lightness(theme.free) - lightness(theme.tail)) >= 8);
    REQUIRE(std::abs(lightness(theme.header) - lightness(theme.live)) >= 8);
  }
}

TEST_CASE("mixing goes from one colour to the other") {
  REQUIRE(mix(rgb(0x000000), rgb(0xFFFFFF), 0) == rgb(0x000000));
  REQUIRE(mix(rgb(0x000000), rgb(0xFFFFFF), 1) == rgb(0xFFFFFF));
  REQUIRE(rgb(0x112233) == 0xFF332211);
}
