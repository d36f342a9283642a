// What stands in the memory of a process that was looked into: bytes of the selected chunk or block, read only when
// somebody asks, since they are people's data, and forgotten when something else is selected. A scenario has its true
// bytes anyway (replayed_bytes.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/walk/memory_source.h"
#include "gui/selection.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

struct Session;

inline constexpr std::uint64_t kMostContents = 4096;  // shown of a chunk or block

struct ShownContents {
  Selection of;
  std::uint64_t serial = 0;  // of the document
  std::uint64_t number = 0;  // another for every reading: panels key their caches by it
  core::Address from;
  std::vector<std::uint8_t> bytes;
  std::string read_at;  // "10:20:31", of a process that runs; empty: the bytes are of the one moment that a file has
  std::string problem;  // they could not be read: why
};

// Where a chunk (with room for its header) or a block begins and ends, as far as it is shown.
struct ContentsRange {
  core::BlockSlot block;
  core::Address from, to;
  core::Address first;       // of the chunk itself; the block's start
  std::uint64_t hidden = 0;  // bytes behind `to`
};
// None: neither of them is selected, or it is not there at this moment.
std::optional<ContentsRange> contents_range(const trace::MemoryState& state, const Selection& selection,
                                            std::uint64_t most);

// Those of what is selected now; null: nobody asked.
const ShownContents* shown_contents(const Session& session);
// The open document has no bytes of its process: the key of a sentence that says why; empty: they can be read.
std::string_view why_no_contents(const Session& session);
bool can_show_contents(const Session& session);
// Reads them into the session, or says there why not.
void read_contents(Session& session);

// The bytes that were read, and around them what `known` has.
class ContentsSource final : public core::MemorySource {
 public:
  ContentsSource(const ShownContents& contents, const core::MemorySource* known) : contents_(contents), known_(known) {}
  bool read(core::Address at, std::span<std::uint8_t> into) const override;

 private:
  const ShownContents& contents_;
  const core::MemorySource* known_;
};

}  // namespace palloscope::gui
