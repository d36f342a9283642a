// The chunk header under the lens: the words in front of a payload, each taken apart into its fields, with what a field
// says and where it leads. Pure: from the bytes and the version's layout alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/version/version_profile.h"
#include "core/walk/memory_source.h"

namespace palloscope::gui {

enum class LensRole : std::uint8_t { MethodId, External, Value, BlockOffset, Magic, Size, Requested, Block, Context };
inline constexpr int kLensRoleCount = 9;

// Bits first..first+count of the word. `name` is PostgreSQL's where it has one, else a key of the string table.
struct LensField {
  LensRole role = LensRole::MethodId;
  std::string_view name_key;
  std::uint32_t first_bit = 0, bit_count = 64;
  std::uint64_t value = 0;    // as the allocator reads it
  core::Address target;       // where it leads: a block, a context; null: nowhere
  std::string_view says_key;  // what the value means, with {n}, {bytes}; empty: the number says it
  std::uint64_t says_bytes = 0;
  std::string_view kind_key;  // method id: whose it is; empty: nobody's
};

struct LensWord {
  core::Address at;
  std::uint64_t value = 0;
  std::string_view name;          // "hdrmask", "size", "requested_size", "block", "context"
  std::vector<LensField> fields;  // from the highest bit to the lowest; never empty
};

struct HeaderLens {
  std::vector<LensWord> words;   // by address; empty: there is no header (Bump), or it cannot be read
  core::Address block, context;  // that the bits lead to; null: not found
};

// `kind`: of the context that the chunk is known to be in (15's headers differ by it).
HeaderLens header_lens(const core::MemorySource& memory, const core::VersionProfile& profile, core::ContextKind kind,
                       core::Address pointer);

// Into how many columns the 64 bits are laid so that a cell is at least `least_px` wide: 64, 32 or 16.
int lens_columns(float width_px, float least_px);

}  // namespace palloscope::gui
