#include "trace/exporters/buffer_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>
#include <span>
#include <string>

#include "trace/replay/timeline.h"

namespace palloscope::trace {
namespace {

namespace bits = core::buffer_bits;

// The shared pool's buffers; none if there is no pool.
std::span<const BufferRecord> shared_buffers(const ServerState& server) {
  const PoolRecord* pool = server.shared_pool();
  if (pool == nullptr) return {};
  return std::span(server.buffers).subspan(pool->first.value, pool->buffers);
}

// Rows are written in portions: a pool has up to millions of buffers.
class Rows {
 public:
  explicit Rows(std::ostream& out, std::string_view header) : out_(out) {
    text_ = header;
    text_ += '\n';
  }
  ~Rows() { out_ << text_; }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    if (text_.size() < kPortion) return;
    out_ << text_;
    text_.clear();
  }

 private:
  static constexpr std::size_t kPortion = 1 << 16;
  std::ostream& out_;
  std::string text_;
};

// The view shows a page only if the buffer is valid.
bool shown(const BufferRecord& buffer) { return buffer.has_page() && (buffer.word & bits::kValid) != 0; }

// What the moment at the cursor reported last of this kind; the state does not keep all of it.
template <class E>
std::optional<E> last_of(const Timeline& timeline) {
  const EventNumber snapshot = timeline.state().point().snapshot;
  std::optional<E> last;
  if (snapshot == 0) return last;
  timeline.visit(snapshot, timeline.cursor(), [&](EventNumber, const core::EventBody& event, const MemoryState&) {
    if (const auto* e = std::get_if<E>(&event)) last = *e;
  });
  return last;
}

}  // namespace

void write_buffer_csv(const Timeline& timeline, std::ostream& out) {
  Rows rows(out,
            "bufferid,relfilenode,reltablespace,reldatabase,relforknumber,relblocknumber,isdirty,usagecount,"
            "pinning_backends");
  std::uint32_t id = 0;
  for (const BufferRecord& buffer : shared_buffers(timeline.state().server())) {
    ++id;
    if (!shown(buffer)) {
      rows.add("{},,,,,,,,\n", id);
      continue;
    }
    const PageTag& tag = buffer.tag;
    rows.add("{},{},{},{},{},{},{},{},{}\n", id, tag.relation, tag.tablespace, tag.database, tag.fork, tag.block,
             buffer.dirty() ? 't' : 'f', buffer.usage(), buffer.refcount());
  }
}

void write_buffer_summary_csv(const Timeline& timeline, std::ostream& out) {
  Rows rows(out, "buffers_used,buffers_unused,buffers_dirty,buffers_pinned,usagecount_avg");
  const PoolRecord* pool = timeline.state().server().shared_pool();
  if (pool == nullptr) return;
  core::PoolReported sums;
  if (pool->reported_only) {
    if (const auto reported = last_of<core::PoolReported>(timeline)) sums = *reported;
  } else {
    for (const BufferRecord& buffer : shared_buffers(timeline.state().server())) {
      const bool valid = (buffer.word & bits::kValid) != 0;
      sums.used += valid ? 1 : 0;
      sums.unused += valid ? 0 : 1;
      sums.dirty += valid && buffer.dirty() ? 1 : 0;
      sums.usage_sum += valid ? buffer.usage() : 0;
      sums.pinned += buffer.refcount() != 0 ? 1 : 0;
    }
  }
  std::string average;
  if (sums.used != 0) average = fmt::format("{}", static_cast<double>(sums.usage_sum) / sums.used);
  rows.add("{},{},{},{},{}\n", sums.used, sums.unused, sums.dirty, sums.pinned, average);
}

void write_buffer_usage_counts_csv(const Timeline& timeline, std::ostream& out) {
  Rows rows(out, "usage_count,buffers,dirty,pinned");
  const PoolRecord* pool = timeline.state().server().shared_pool();
  if (pool == nullptr) return;
  UsageCounts counts[core::kMaxUsage + 1];
  if (pool->reported_only) {
    std::copy(std::begin(pool->by_usage), std::end(pool->by_usage), std::begin(counts));
  } else {
    // The server counts empty buffers too.
    for (const BufferRecord& buffer : shared_buffers(timeline.state().server())) {
      UsageCounts& count = counts[std::min(buffer.usage(), core::kMaxUsage)];
      ++count.buffers;
      count.dirty += buffer.dirty() ? 1 : 0;
      count.pinned += buffer.refcount() != 0 ? 1 : 0;
    }
  }
  for (std::uint32_t usage = 0; usage <= core::kMaxUsage; ++usage)
    rows.add("{},{},{},{}\n", usage, counts[usage].buffers, counts[usage].dirty, counts[usage].pinned);
}

void write_buffer_numa_csv(const Timeline& timeline, std::ostream& out) {
  Rows rows(out, "bufferid,os_page_num,numa_node");
  const EventNumber snapshot = timeline.state().point().snapshot;
  if (snapshot == 0) return;
  // The state keeps one node a buffer; each page's is in the events.
  timeline.visit(snapshot, timeline.cursor(), [&](EventNumber, const core::EventBody& event, const MemoryState&) {
    const auto* page = std::get_if<core::BufferNodeReported>(&event);
    if (page == nullptr) return;
    const std::string node = page->node == -1 ? std::string() : fmt::format("{}", page->node);
    rows.add("{},{},{}\n", page->buffer.value + 1, page->os_page, node);
  });
}

}  // namespace palloscope::trace
