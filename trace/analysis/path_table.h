// Contexts by path, counted over several sources: two moments that are compared, the dumps of many backends that are
// merged. A path is the names from a top context down; contexts of one name with the same parents' path are one node
// with a count. What a dump left out is a node of its own, so that sums come out right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/version/version_profile.h"
#include "trace/replay/memory_state.h"
#include "trace/replay/timeline.h"

namespace palloscope::trace {

struct PathSums {
  std::uint64_t contexts = 0, blocks = 0, total_bytes = 0, free_bytes = 0, free_chunks = 0, used_bytes = 0;
  std::uint64_t chunks = 0;  // live; dumps tell them of Generation contexts only
  PathSums& operator+=(const PathSums& other);
  friend bool operator==(const PathSums&, const PathSums&) = default;
};

enum class PathMeasure : std::uint8_t { Total, Used, Chunks, Contexts };
inline constexpr std::string_view kPathMeasureNames[] = {"total", "used", "chunks", "contexts"};
std::uint64_t measured(const PathSums& sums, PathMeasure measure);

// What one source has at a path.
struct PathShare {
  std::uint32_t source = 0;
  PathSums own = {};         // the contexts of this path
  PathSums all = {};         // and everything below them
  ContextKey first = {};     // one of them; none: only left out
  std::uint64_t idents = 0;  // differs where the set of idents does
};

struct PathNode {
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::uint32_t parent = kNone;  // index; below its own
  std::uint32_t depth = 0;
  bool omitted = false;  // contexts that a dump only counted
  std::string name = {};
  std::optional<std::string> ident = {};  // where all contexts of the path have the same
  bool ident_varies = false;
  std::vector<PathShare> shares = {};  // by source
};

class PathTable {
 public:
  // `by_ident`: contexts of one name and another ident are apart.
  explicit PathTable(bool by_ident = false) : by_ident_(by_ident) {}

  // A further source: all of the state's contexts, or those below one top context. Answers its number.
  std::uint32_t add(const MemoryState& state, const core::VersionProfile* profile, ContextSlot root = {});

  std::uint32_t sources() const { return sources_; }
  const std::vector<PathNode>& nodes() const { return nodes_; }  // parents first
  const PathShare* share(std::uint32_t node, std::uint32_t source) const;
  PathSums whole(std::uint32_t source) const;  // over all top contexts

  std::string label(std::uint32_t node) const;  // "index info [pg_class_oid_index]"
  std::string path(std::uint32_t node) const;   // labels from the top, joined by " > "

 private:
  friend class PathReader;
  struct Unit;
  std::uint32_t node_for(std::uint32_t parent, const Unit& unit);
  PathShare& share_for(std::uint32_t node, std::uint32_t source);
  void take(std::uint32_t node, const Unit& unit, std::uint32_t source);
  void sum_up(std::uint32_t source);

  bool by_ident_;
  std::uint32_t sources_ = 0;
  std::vector<PathNode> nodes_;
  std::unordered_map<std::string, std::uint32_t> index_;
};

// Adds a source piece by piece, for windows: so many contexts at a call. The state must not change meanwhile.
class PathReader {
 public:
  PathReader(PathTable& table, const MemoryState& state, const core::VersionProfile* profile, ContextSlot root = {});
  bool advance(std::size_t contexts);  // true: all are in
  std::uint32_t source() const { return source_; }
  // By context slot the node that it counts in; kNone where no context is.
  const std::vector<std::uint32_t>& places() const { return places_; }

 private:
  PathTable* table_;
  const MemoryState* state_;
  const core::VersionProfile* profile_;
  std::uint32_t source_;
  bool done_ = false;
  std::vector<std::pair<ContextSlot, std::uint32_t>> waiting_;  // and the parent's node
  std::vector<std::uint32_t> places_;
};

// Two sources of a table against each other.
struct PathPair {
  std::uint32_t a = 0, b = 1;
};
// b - a, of the contexts of the path alone, or with all below.
std::int64_t own_difference(const PathTable& table, std::uint32_t node, PathPair pair, PathMeasure measure);
std::int64_t whole_difference(const PathTable& table, std::uint32_t node, PathPair pair, PathMeasure measure);
// Do the contexts of this path differ in anything that is known of them?
bool differs(const PathTable& table, std::uint32_t node, PathPair pair);
// By node the size of its difference.
std::vector<std::uint64_t> difference_weights(const PathTable& table, PathPair pair, PathMeasure measure, bool own);
// Depth first; of siblings the one with the greatest `weight` first, then in the table's order.
std::vector<std::uint32_t> ordered_nodes(const PathTable& table, const std::vector<std::uint64_t>& weights);

}  // namespace palloscope::trace
