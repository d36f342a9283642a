// The contexts of many backends as one table by path: a source for each backend of each file. Of a file with dumps of
// several backends (by PID) each counts, as its last dump had it, or at every dump; of a trace its process, at its end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trace/analysis/path_table.h"

namespace palloscope::trace {

struct MergedBackend {
  std::string file;
  std::uint32_t pid = 0;  // 0: not said
  std::string label;      // time stamp of the dump
  EventNumber event = 0;  // at which it was taken
};

class DumpMerge {
 public:
  explicit DumpMerge(bool by_ident = false) : table_(by_ident) {}

  // Adds the backends of this stream; answers how many there were. The cursor stays.
  std::size_t add(const Timeline& timeline, const std::string& file, bool every_dump);

  const PathTable& table() const { return table_; }
  const std::vector<MergedBackend>& backends() const { return backends_; }  // by source

 private:
  PathTable table_;
  std::vector<MergedBackend> backends_;
};

// Of the backends that have the path: least, median (of an even number the lower one) and greatest of what the contexts
// of the path alone have.
struct PathSpread {
  std::uint64_t backends = 0, least = 0, median = 0, most = 0;
  std::uint32_t largest = 0;  // the source that has the most
};
PathSpread spread_of(const PathTable& table, std::uint32_t node, PathMeasure measure);
// Over all sources.
PathShare sum_of(const PathTable& table, std::uint32_t node);

}  // namespace palloscope::trace
