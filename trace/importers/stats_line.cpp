#include "trace/importers/stats_line.h"

#include <charconv>

namespace palloscope::trace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes expected pieces off the front of a text.
struct Scanner {
  std::string_view rest;
  bool overflow = false;

  bool text(std::string_view expected) {
    if (rest.substr(0, expected.size()) != expected) return false;
    rest.remove_prefix(expected.size());
    return true;
  }
  bool number(std::uint64_t& value) {
    std::size_t length = 0;
    while (length < rest.size() && is_digit(rest[length])) ++length;
    if (length == 0) return false;
    const auto parsed = parse_number(rest.substr(0, length));
    value = parsed.value_or(0);
    overflow = overflow || !parsed;
    rest.remove_prefix(length);
    return true;
  }
};

// What follows "TOTAL total in BLOCKS blocks" of a context, up to and with "used".
bool scan_rest(Scanner& scanner, StatsLine& line) {
  if (scanner.text(" (")) {
    if (!scanner.number(line.counters.chunks) || !scanner.text(" chunks)")) return false;
    line.kind = core::ContextKind::Generation;
  }
  std::uint64_t number = 0;
  if (!scanner.text("; ") || !scanner.number(number)) return false;
  if (scanner.text(" empty blocks; ")) {
    line.counters.empty_blocks = number;
    line.kind = core::ContextKind::Slab;
    if (!scanner.number(number)) return false;
  }
  line.counters.free_bytes = number;
  if (!scanner.text(" free")) return false;
  if (scanner.text(" (")) {
    if (!scanner.number(line.counters.free_chunks) || !scanner.text(" chunks)")) return false;
  } else {
    line.kind = core::ContextKind::Bump;
  }
  return scanner.text("; ") && scanner.number(line.counters.used_bytes) && scanner.text(" used");
}

// "T UNIT in B blocks; F free (C chunks); U used" and nothing behind it.
bool scan_sum(Scanner& scanner, std::string_view unit, OmittedContexts& sum) {
  return scanner.number(sum.total_bytes) && scanner.text(unit) && scanner.number(sum.blocks) &&
         scanner.text(" blocks; ") && scanner.number(sum.free_bytes) && scanner.text(" free (") &&
         scanner.number(sum.free_chunks) && scanner.text(" chunks); ") && scanner.number(sum.used_bytes) &&
         scanner.text(" used") && scanner.rest.empty();
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view digits, std::uint64_t largest) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc() || stop != end || value > largest) return std::nullopt;
  return value;
}

std::optional<StatsLine> parse_stats_line(std::string_view text) {
  constexpr std::string_view kMark = " total in ";
  // The first place where all fits ends the name: the ident behind it may look like another such line.
  for (std::size_t mark = text.find(kMark); mark != std::string_view::npos; mark = text.find(kMark, mark + 1)) {
    std::size_t digits = mark;
    while (digits > 0 && is_digit(text[digits - 1])) --digits;
    if (digits == mark || digits < 2 || text.substr(digits - 2, 2) != ": ") continue;

    StatsLine line;
    line.name = text.substr(0, digits - 2);
    Scanner scanner{text.substr(digits)};
    if (!scanner.number(line.counters.total_bytes) || !scanner.text(kMark) || !scanner.number(line.counters.blocks) ||
        !scanner.text(" blocks") || !scan_rest(scanner, line))
      continue;
    if (scanner.text(": "))
      line.ident = scanner.rest;
    else if (!scanner.rest.empty())
      continue;
    line.overflow = scanner.overflow;
    return line;
  }
  return std::nullopt;
}

std::optional<TotalLine> parse_more_children_line(std::string_view text) {
  TotalLine line;
  Scanner scanner{text};
  if (!scanner.number(line.sum.count) || !scanner.text(" more child contexts containing ") ||
      !scan_sum(scanner, " total in ", line.sum))
    return std::nullopt;
  line.overflow = scanner.overflow;
  return line;
}

std::optional<TotalLine> parse_grand_total_line(std::string_view text) {
  TotalLine line;
  Scanner scanner{text};
  if (!scanner.text("Grand total: ") || !scan_sum(scanner, " bytes in ", line.sum)) return std::nullopt;
  line.overflow = scanner.overflow;
  return line;
}

}  // namespace palloscope::trace
