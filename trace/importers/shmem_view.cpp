// Rows of pg_shmem_allocations and of pg_shmem_allocations_numa as CSV (spec 9.4): the main segment as its allocations
// in the order of their offsets. What lies between the named ones is what the view sums up as <anonymous>. One file may
// hold both views, one behind the other, each with its header: then every allocation has its offset and its nodes.
// Alone, the view by node has no offsets: its structures stand one behind the other, in the file's order.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "trace/analysis/shmem_pieces.h"
#include "trace/analysis/shmem_structures.h"
#include "trace/importers/csv_rows.h"
#include "trace/importers/dump_origin.h"
#include "trace/importers/importer.h"

namespace palloscope::trace {
namespace {

enum Column : std::size_t { Name, Size, Offset, Allocated, Node, kColumnCount };
constexpr std::array<std::string_view, kColumnCount> kColumns = {"name", "size", "off", "allocated_size", "numa_node"};
constexpr std::array<std::string_view, 3> kViewColumns = {"name", "size", "off"};
constexpr std::array<std::string_view, 3> kNodeColumns = {"name", "size", "numa_node"};
constexpr std::string_view kAnonymous = "<anonymous>";
// ShmemIndex holds far fewer; a longer file is none of these views.
constexpr std::size_t kMostRows = 65536;
constexpr std::uint64_t kLargestNode = 1023;

struct AllocationRow {
  std::uint64_t line = 0;
  core::ShmemAllocated piece;
};

struct NodeRow {
  std::string name;
  std::int32_t node = -1;
  std::uint64_t bytes = 0;
  friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

class ShmemView {
 public:
  ShmemView(CsvRows& rows, core::EventSink& sink) : rows_(rows), sink_(sink), segment_(sink) {}

  core::Result<DumpFacts> read();

 private:
  core::Status take_allocation();
  core::Status take_node();
  core::Status finish_moment();
  core::Status place();
  core::Status fill_gaps();
  void stack_by_node();
  void guess_version();
  void emit_nodes();
  void complain(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
  }

  CsvRows& rows_;
  core::EventSink& sink_;
  DumpFacts facts_;
  bool has_allocations_ = false, has_nodes_ = false;

  // The moment.
  std::string label_;
  std::uint32_t pid_ = 0;
  std::vector<AllocationRow> allocations_;
  std::vector<core::ShmemAllocated> pieces_;  // the same in their order, with the gaps
  std::vector<NodeRow> nodes_;
  std::set<std::pair<std::string, std::int32_t>> reported_;  // of nodes_
  std::optional<std::uint64_t> anonymous_, free_offset_, free_bytes_;
  std::string problem_;

  // The moment before.
  ShmemEvents segment_;
  std::vector<NodeRow> shown_nodes_;
  std::int32_t known_nodes_ = 0;
};

core::Status ShmemView::take_allocation() {
  has_allocations_ = true;
  const auto size = rows_.number(Size), allocated = rows_.number(Allocated);
  if (!size) return size.error();
  if (!allocated) return allocated.error();
  if (rows_.text(Name) == kAnonymous && rows_.is_null(Offset)) {
    if (anonymous_) return rows_.error("a second <anonymous> row; is the file two moments without a header between?");
    anonymous_ = *allocated;
    return core::Done{};
  }
  const auto offset = rows_.number(Offset);
  if (!offset) return offset.error();
  if (rows_.is_null(Name)) {
    if (free_offset_)
      return rows_.error("a second row without a name; is the file two moments without a header between?");
    if (*size > kLargestNumber - *offset)
      return rows_.error(fmt::format("off {} and size {} are more than any machine has", *offset, *size));
    free_offset_ = *offset;
    free_bytes_ = *size;
    return core::Done{};
  }
  if (*allocated < *size)
    return rows_.error(
        fmt::format("allocated_size {} is less than size {}; are the columns exchanged?", *allocated, *size));
  if (*allocated > kLargestNumber - *offset)
    return rows_.error(fmt::format("off {} and allocated_size {} are more than any machine has", *offset, *allocated));
  if (allocations_.size() >= kMostRows)
    return rows_.error(
        fmt::format("more than {} rows are no shared memory of one server; is it the right file?", kMostRows));
  allocations_.push_back({rows_.line(), {{}, *offset, *size, *allocated, std::string(rows_.text(Name)), {}}});
  return core::Done{};
}

core::Status ShmemView::take_node() {
  has_nodes_ = true;
  const auto size = rows_.number(Size);
  if (!size) return size.error();
  NodeRow row{std::string(rows_.text(Name)), -1, *size};
  if (row.name.empty()) return rows_.error("name is empty; pg_shmem_allocations_numa has no such row");
  if (!rows_.is_null(Node)) {
    const auto node = rows_.number(Node, kLargestNode);
    if (!node) return node.error();
    row.node = static_cast<std::int32_t>(*node);
  }
  if (nodes_.size() >= kMostRows)
    return rows_.error(
        fmt::format("more than {} rows are no shared memory of one server; is it the right file?", kMostRows));
  if (!reported_.emplace(row.name, row.node).second)
    return rows_.error(
        fmt::format("\"{:.64}\" stands a second time with {}; is the file two moments without a header between?",
                    row.name, row.node < 0 ? std::string("no numa_node") : fmt::format("numa_node {}", row.node)));
  nodes_.push_back(std::move(row));
  return core::Done{};
}

// The view's rows come in hash order.
core::Status ShmemView::place() {
  std::sort(allocations_.begin(), allocations_.end(), [](const AllocationRow& a, const AllocationRow& b) {
    return std::pair(a.piece.offset, a.line) < std::pair(b.piece.offset, b.line);
  });
  std::map<std::string_view, const AllocationRow*> by_name;
  for (const AllocationRow& row : allocations_)
    if (const auto [other, is_new] = by_name.emplace(row.piece.name, &row); !is_new)
      return core::Error{core::ErrorCode::BadFormat,
                         fmt::format("line {}: \"{:.64}\" stands in line {} already; is the file two moments without a "
                                     "header between?",
                                     std::max(row.line, other->second->line), row.piece.name,
                                     std::min(row.line, other->second->line))};
  return fill_gaps();
}

core::Status ShmemView::fill_gaps() {
  ShmemPieces whole;
  for (AllocationRow& row : allocations_) {
    if (row.piece.offset < whole.end())
      return core::Error{
          core::ErrorCode::BadFormat,
          fmt::format("line {}: off {} of \"{:.64}\" is inside \"{:.64}\", which ends at {}; are all rows "
                      "of one server?",
                      row.line, row.piece.offset, row.piece.name, whole.last_name(), whole.end())};
    whole.add(std::move(row.piece));
  }
  if (free_offset_) {
    if (*free_offset_ < whole.end())
      complain(fmt::format("the free rest begins at {}, but \"{}\" ends at {}", *free_offset_, whole.last_name(),
                           whole.end()));
    else
      whole.fill_to(*free_offset_);
  } else {
    complain("the row of the free rest (name NULL) is missing: the segment is drawn up to its last structure");
  }
  if (anonymous_ && *anonymous_ != whole.anonymous_bytes())
    complain(fmt::format("<anonymous> is {}, but the gaps between the named structures are {}", *anonymous_,
                         whole.anonymous_bytes()));
  if (!anonymous_) complain("the row <anonymous> is missing: the gaps between the structures could not be checked");
  pieces_ = whole.pieces();
  return core::Done{};
}

// No offsets are known: in the file's order, as large as their pages.
void ShmemView::stack_by_node() {
  std::map<std::string_view, std::size_t> places;
  for (const NodeRow& row : nodes_) {
    const auto [place, is_new] = places.emplace(row.name, pieces_.size());
    if (is_new) pieces_.push_back({{}, 0, 0, 0, row.name, {}});
    core::ShmemAllocated& piece = pieces_[place->second];
    if (row.bytes > kLargestNumber - piece.bytes) {
      complain(fmt::format("\"{:.64}\" is larger than any machine", row.name));
      continue;
    }
    piece.bytes = piece.allocated_bytes = piece.bytes + row.bytes;
  }
  std::uint64_t offset = 0;
  for (core::ShmemAllocated& piece : pieces_) {
    if (piece.bytes > kLargestNumber - offset) {
      complain(fmt::format("the structures up to \"{:.64}\" are more than any machine has", piece.name));
      piece.bytes = piece.allocated_bytes = 0;
    }
    piece.offset = offset;
    offset += piece.bytes;
  }
}

void ShmemView::emit_nodes() {
  for (const NodeRow& row : nodes_) {
    // A machine has all nodes below it too, reported or not.
    for (; known_nodes_ <= row.node; ++known_nodes_)
      sink_.emit(core::NumaNodeAdded{static_cast<std::uint32_t>(known_nodes_), 0, 0});
  }
  std::vector<std::string_view> names;
  for (const core::ShmemAllocated& piece : pieces_)
    if (!piece.name.empty()) names.push_back(piece.name);
  std::sort(names.begin(), names.end());
  for (const NodeRow& row : nodes_)
    if (std::binary_search(names.begin(), names.end(), row.name) || row.name == kAnonymous)
      sink_.emit(core::ShmemNodeReported{row.name == kAnonymous ? std::string() : row.name, row.node, row.bytes});
    else
      complain(fmt::format("\"{:.64}\" is in pg_shmem_allocations_numa only; are both views of one server?", row.name));
}

void ShmemView::guess_version() {
  ShmemVersionGuess guess;
  for (const core::ShmemAllocated& piece : pieces_)
    if (!piece.name.empty()) guess.see(piece.name, piece.bytes);
  facts_.pg_major = has_nodes_ ? 18 : guess.major(free_offset_.has_value());
}

core::Status ShmemView::finish_moment() {
  if (allocations_.empty() && nodes_.empty() && !free_offset_ && !anonymous_) return core::Done{};
  if (!allocations_.empty() || free_offset_ || anonymous_) {
    if (const core::Status status = place(); !status) return status;
  } else {
    stack_by_node();
  }
  sink_.emit(core::SnapshotBegan{label_, pid_});
  const std::uint64_t end = pieces_.empty() ? 0 : pieces_.back().offset + pieces_.back().allocated_bytes;
  const std::uint64_t bytes = std::max(end, free_offset_ ? *free_offset_ + *free_bytes_ : 0);
  if (nodes_ != shown_nodes_) segment_.forget();
  if (segment_.emit(bytes, pieces_)) {
    guess_version();
    emit_nodes();
    shown_nodes_ = std::move(nodes_);
  }
  if (rows_.cut()) complain("the file ends within a row");
  sink_.emit(core::SnapshotEnded{problem_});
  ++facts_.dumps;
  allocations_.clear();
  pieces_.clear();
  nodes_.clear();
  reported_.clear();
  anonymous_.reset();
  free_offset_.reset();
  free_bytes_.reset();
  problem_.clear();
  return core::Done{};
}

core::Result<DumpFacts> ShmemView::read() {
  bool is_by_node = false;
  while (true) {
    const core::Result<bool> more = rows_.next();
    if (!more) return more.error();
    if (!*more) break;
    if (rows_.follows_header()) {
      const bool was_by_node = std::exchange(is_by_node, rows_.has(Node) && !rows_.has(Offset));
      if (!is_by_node && (!rows_.has(Offset) || !rows_.has(Allocated)))
        return rows_.error(fmt::format("the header lacks {}; select it too",
                                       rows_.has(Offset) ? "allocated_size" : "off (or numa_node)"));
      if (!is_by_node || was_by_node || !nodes_.empty())
        if (const core::Status status = finish_moment(); !status) return status.error();
    }
    if (rows_.label() != label_ || rows_.pid() != pid_) {
      if (const core::Status status = finish_moment(); !status) return status.error();
      label_ = rows_.label();
      pid_ = rows_.pid();
    }
    if (const core::Status status = is_by_node ? take_node() : take_allocation(); !status) return status.error();
  }
  if (const core::Status status = finish_moment(); !status) return status.error();
  facts_.origin = has_allocations_ || !has_nodes_ ? kOriginShmem : kOriginShmemByNode;
  return facts_;
}

}  // namespace

int sniff_shmem_view(std::string_view head) { return find_csv_header(head, kViewColumns) ? 98 : 0; }

int sniff_shmem_numa_view(std::string_view head) {
  return find_csv_header(head, kNodeColumns) && sniff_shmem_view(head) == 0 ? 98 : 0;
}

core::Result<DumpFacts> emit_shmem_view(TextSource& source, core::EventSink& sink) {
  CsvRows rows(source, kColumns, 2, "pg_shmem_allocations");
  return ShmemView(rows, sink).read();
}

}  // namespace palloscope::trace
