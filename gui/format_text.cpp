#include "gui/format_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace palloscope::gui {
namespace {

constexpr const char* kMinus = "\u2212";

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string grouped(std::uint64_t value) {
  const std::string digits = fmt::format("{}", value);
  if (digits.size() < 5) return digits;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += kThinSpace;
    text += digits[i];
  }
  return text;
}

std::string signed_text(std::int64_t value, std::string (*format)(std::uint64_t)) {
  if (value == 0) return "\u00B10";
  return fmt::format("{}{}", value > 0 ? "+" : kMinus, format(magnitude(value)));
}

}  // namespace

std::string format_count(std::uint64_t value) { return grouped(value); }

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024: the next unit from there.
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const double tenths = std::round(value * 10) / 10;
  if (value < 100 && tenths != std::floor(tenths)) return fmt::format("{:.1f} {}", tenths, kUnits[unit]);
  return fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string format_bytes_exactly(std::uint64_t bytes) { return grouped(bytes) + " B"; }

std::string format_change(std::int64_t bytes) {
  if (bytes == 0) return "\u00B10 B";
  return signed_text(bytes, format_bytes);
}

std::string format_count_change(std::int64_t count) { return signed_text(count, format_count); }

std::string format_address(core::Address address) {
  std::string digits = fmt::format("{:08x}", address.value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 4 == 0) text += kThinSpace;
    text += digits[i];
  }
  return text;
}

std::string format_address_plain(core::Address address) { return fmt::format("0x{:x}", address.value); }

std::string format_event(core::EventNumber event) { return fmt::format("#{}", grouped(event)); }

std::string format_share(double share) { return fmt::format("{:.0f} %", share * 100); }

}  // namespace palloscope::gui
