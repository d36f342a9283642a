#include "trace/compare/contender_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <vector>

namespace palloscope::trace {
namespace {

constexpr std::string_view kNames[kContenderKindCount] = {"recorded", "aset",   "generation", "slab",
                                                          "bump",     "malloc", "pool"};
constexpr std::uint64_t kLeastBlock = 1024, kMostBlock = 1 << 30;

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  std::uint64_t factor = 1;
  if (!text.empty() && (text.back() == 'k' || text.back() == 'M')) {
    factor = text.back() == 'k' ? 1024 : 1024 * 1024;
    text.remove_suffix(1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > kMostBlock / factor) return std::nullopt;
  return value * factor;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes != 0 && bytes % (1024 * 1024) == 0) return fmt::format("{}M", bytes / (1024 * 1024));
  if (bytes != 0 && bytes % 1024 == 0) return fmt::format("{}k", bytes / 1024);
  return std::to_string(bytes);
}

std::vector<std::string_view> split(std::string_view text, char sign) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(sign);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

core::Error mistake(std::string_view text, std::string_view why) {
  return {core::ErrorCode::BadArgument, fmt::format("\"{}\": {}", text, why)};
}

bool has_sizes(ContenderKind kind) {
  return kind == ContenderKind::AllocSet || kind == ContenderKind::Generation || kind == ContenderKind::Bump;
}

// PostgreSQL asserts these (core/mcxt/process.cpp).
bool fits(const core::AllocSetSizes& sizes) {
  const auto good = [](std::uint64_t bytes) { return bytes >= kLeastBlock && bytes % 8 == 0; };
  return good(sizes.init_block_bytes) && good(sizes.max_block_bytes) &&
         sizes.max_block_bytes >= sizes.init_block_bytes &&
         (sizes.min_context_bytes == 0 ||
          (good(sizes.min_context_bytes) && sizes.min_context_bytes <= sizes.max_block_bytes));
}

core::Status read_settings(std::string_view text, std::string_view settings, ContenderSpec& spec) {
  std::vector<std::uint64_t> numbers;
  for (const std::string_view part : split(settings, '/')) {
    const auto value = parse_bytes(part);
    if (!value) return mistake(text, fmt::format("\"{}\" is no size; write 8192, 8k or 1M, at most 1024M", part));
    numbers.push_back(*value);
  }
  if (has_sizes(spec.kind)) {
    if (numbers.size() != 3) return mistake(text, "sizes are written MIN/INIT/MAX, as in 0/1024/8k");
    spec.sizes = core::AllocSetSizes{numbers[0], numbers[1], numbers[2]};
    if (!fits(*spec.sizes))
      return mistake(text,
                     "INIT and MAX are multiples of 8 from 1024 on, MAX at least INIT; MIN is 0 or such a size up to "
                     "MAX");
  } else if (spec.kind == ContenderKind::Slab && numbers.size() <= 2) {
    spec.chunk_bytes = numbers[0];
    if (numbers.size() == 2) spec.block_bytes = numbers[1];
  } else if (spec.kind == ContenderKind::Pool && numbers.size() == 1) {
    spec.block_bytes = numbers[0];
  } else {
    return mistake(text, "too many settings");
  }
  return core::Done{};
}

core::Status check(std::string_view text, const ContenderSpec& spec) {
  if (spec.kind == ContenderKind::Slab) {
    if (spec.chunk_bytes == 0) return mistake(text, "a slab needs its chunk size, as in slab:64 or slab:64/8k");
    if (spec.block_bytes < kLeastBlock || spec.block_bytes < spec.chunk_bytes + 128)
      return mistake(text, "a slab's block is at least 1024 bytes and holds a chunk with its headers");
  }
  if (spec.kind == ContenderKind::Pool && (spec.block_bytes < kLeastBlock || spec.block_bytes % 16 != 0))
    return mistake(text, "a pool's block is a multiple of 16, at least 1024 bytes");
  if (spec.kind == ContenderKind::Bump && spec.pg_major != 0 && spec.pg_major < 17)
    return mistake(text, fmt::format("PostgreSQL {} has no Bump contexts; 17 was the first", spec.pg_major));
  const bool plain = spec.kind == ContenderKind::Malloc || spec.kind == ContenderKind::Pool;
  if (plain && (spec.pg_major != 0 || spec.checking))
    return mistake(text, "malloc and pool are none of PostgreSQL's: they have no version");
  if (spec.ignore_pfree && spec.kind != ContenderKind::Bump) return mistake(text, "only bump can ignore pfree");
  return core::Done{};
}

}  // namespace

bool operator==(const ContenderSpec& a, const ContenderSpec& b) {
  return to_string(a) == to_string(b) && a.context == b.context;
}

core::Result<ContenderSpec> parse_contender(std::string_view text) {
  ContenderSpec spec;
  std::string_view left = text;
  for (std::size_t plus; (plus = left.rfind('+')) != std::string_view::npos; left = left.substr(0, plus)) {
    const std::string_view option = left.substr(plus + 1);
    if (option == "checking")
      spec.checking = true;
    else if (option == "nofree")
      spec.ignore_pfree = true;
    else
      return mistake(text, fmt::format("\"+{}\" is unknown; there are +checking and +nofree", option));
  }
  if (const std::size_t at = left.rfind('@'); at != std::string_view::npos) {
    const std::string_view version = left.substr(at + 1);
    if (version != "15" && version != "16" && version != "17" && version != "18")
      return mistake(text, "behind @ stands 15, 16, 17 or 18");
    spec.pg_major = (version[0] - '0') * 10 + (version[1] - '0');
    left = left.substr(0, at);
  }
  const std::size_t colon = left.find(':');
  const std::string_view name = left.substr(0, colon);
  const auto* const known = std::find(std::begin(kNames), std::end(kNames), name);
  if (known == std::end(kNames))
    return mistake(text, "there are recorded, aset, generation, slab, bump, malloc and pool");
  spec.kind = static_cast<ContenderKind>(known - std::begin(kNames));
  if (colon != std::string_view::npos)
    if (const core::Status read = read_settings(text, left.substr(colon + 1), spec); !read) return read.error();
  if (const core::Status good = check(text, spec); !good) return good.error();
  return spec;
}

std::string to_string(const ContenderSpec& spec) {
  std::string text(kNames[static_cast<std::size_t>(spec.kind)]);
  if (spec.sizes)
    text += fmt::format(":{}/{}/{}", bytes_text(spec.sizes->min_context_bytes),
                        bytes_text(spec.sizes->init_block_bytes), bytes_text(spec.sizes->max_block_bytes));
  if (spec.kind == ContenderKind::Slab) {
    text += fmt::format(":{}", bytes_text(spec.chunk_bytes));
    if (spec.block_bytes != 8192) text += fmt::format("/{}", bytes_text(spec.block_bytes));
  }
  if (spec.kind == ContenderKind::Pool && spec.block_bytes != 8192)
    text += fmt::format(":{}", bytes_text(spec.block_bytes));
  if (spec.pg_major != 0) text += fmt::format("@{}", spec.pg_major);
  if (spec.checking) text += "+checking";
  if (spec.ignore_pfree) text += "+nofree";
  return text;
}

}  // namespace palloscope::trace
