// A typed breakpoint, "NAME: CONDITION" or a condition alone: its parts, what is wrong with it, and what could stand at
// the cursor.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gui/notes.h"
#include "trace/query/condition.h"
#include "trace/replay/memory_state.h"

namespace palloscope::gui {

// "NAME: CONDITION", or a condition alone.
struct NamedText {
  std::string name;    // may be empty
  std::size_t at = 0;  // where the condition begins in the text
};
NamedText split_name(std::string_view text);

struct TypedBreakpoint {
  Breakpoint breakpoint;
  std::size_t condition_at = 0;                    // where the condition begins in the text
  std::optional<trace::ConditionMistake> mistake;  // columns are those of the text
};
TypedBreakpoint read_breakpoint(std::string_view text);
std::string typed_text(const Breakpoint& breakpoint);

struct Offer {
  std::string text;  // what takes the place of the begun part
  std::string key;   // string table: what it means; empty: a name of the stream's
  friend bool operator==(const Offer&, const Offer&) = default;
};
struct Offers {
  std::size_t from = 0;  // the begun part's first byte
  std::vector<Offer> list;
};
// At most so many; within quotes the names of contexts that there are now. Looks at no more than some thousand of them.
Offers offers_for(std::string_view text, std::size_t cursor, const trace::MemoryState& state, std::size_t most = 6);

}  // namespace palloscope::gui
