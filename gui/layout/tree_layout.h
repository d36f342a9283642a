// The rows of the context tree: which contexts are shown, in what order, what is folded, what just vanished. Made anew
// when cursor, filter, order or folding changes; drawing loops over the visible rows. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/timeline.h"

namespace palloscope::gui {

enum class TreeOrder : std::uint8_t {
  Tree,       // as PostgreSQL links and prints children: newest first
  Own,        // largest own memory first, among siblings
  Inclusive,  // largest subtree first
  Growth,     // grown most by the last step first
};

// So many siblings of one name and no child of their own become one line.
inline constexpr int kFoldFrom = 4;

struct TreeBytes {
  std::uint64_t own = 0, used = 0, inclusive = 0;
  std::int64_t growth = 0;  // of own, by the last step
};

struct TreeRow {
  core::ContextSlot context;  // of a folded group: its first member
  core::EventNumber born = 0;
  int depth = 0;
  bool has_children = false, open = true;
  int group_size = 0;  // > 0: stands for so many contexts of one name
  bool ghost = false;  // deleted by the last step
  std::string name;
  std::string ident;
  TreeBytes bytes;
};

struct TreeRequest {
  TreeOrder order = TreeOrder::Tree;
  std::string
      filter;  // only contexts whose name or ident contains it (upper and lower case alike), and their ancestors
  std::set<std::pair<std::uint32_t, core::EventNumber>> closed;       // contexts whose children are hidden
  std::set<std::pair<core::EventNumber, std::string>> opened_groups;  // parent's born, name
};

// Name as PostgreSQL prints it: a dynahash context goes by its ident (spec 9.1).
std::pair<std::string, std::string> name_and_ident(const trace::ContextRecord& context);
// What PostgreSQL's statistics say of the context: total and used bytes; without inclusive and growth.
// `profile`: of the stream's version; null for dumps of versions that have none.
TreeBytes own_bytes(const trace::MemoryState& state, const trace::ContextRecord& context,
                    const core::VersionProfile* profile);

std::vector<TreeRow> lay_out_tree(const trace::MemoryState& state, const trace::ChangeSet& change,
                                  const TreeRequest& request, const core::VersionProfile* profile = nullptr);

}  // namespace palloscope::gui
