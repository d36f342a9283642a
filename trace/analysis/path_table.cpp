#include "trace/analysis/path_table.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kNone = PathNode::kNone;

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::int64_t change(const PathShare* a, const PathShare* b, PathSums PathShare::*part, PathMeasure measure) {
  const std::uint64_t before = a == nullptr ? 0 : measured(a->*part, measure);
  const std::uint64_t after = b == nullptr ? 0 : measured(b->*part, measure);
  return static_cast<std::int64_t>(after - before);
}

}  // namespace

PathSums& PathSums::operator+=(const PathSums& other) {
  contexts += other.contexts;
  blocks += other.blocks;
  total_bytes += other.total_bytes;
  free_bytes += other.free_bytes;
  free_chunks += other.free_chunks;
  used_bytes += other.used_bytes;
  chunks += other.chunks;
  return *this;
}

std::uint64_t measured(const PathSums& sums, PathMeasure measure) {
  switch (measure) {
    case PathMeasure::Total:
      return sums.total_bytes;
    case PathMeasure::Used:
      return sums.used_bytes;
    case PathMeasure::Chunks:
      return sums.chunks;
    case PathMeasure::Contexts:
      return sums.contexts;
  }
  return 0;
}

// What is counted at a node: a context, or contexts that a dump left out.
struct PathTable::Unit {
  std::string_view name, ident;
  bool omitted = false;
  ContextKey key;
  PathSums sums;
};

std::uint32_t PathTable::node_for(std::uint32_t parent, const Unit& unit) {
  std::string key(reinterpret_cast<const char*>(&parent), sizeof parent);
  key += unit.omitted ? '-' : '+';
  key += unit.name;
  if (by_ident_) {
    key += '\0';
    key += unit.ident;
  }
  const auto [found, is_new] = index_.try_emplace(std::move(key), static_cast<std::uint32_t>(nodes_.size()));
  if (is_new) {
    PathNode node{.parent = parent, .depth = parent == kNone ? 0 : nodes_[parent].depth + 1};
    node.omitted = unit.omitted;
    node.name = unit.name;
    if (!unit.ident.empty()) node.ident = unit.ident;
    nodes_.push_back(std::move(node));
  }
  return found->second;
}

PathShare& PathTable::share_for(std::uint32_t node, std::uint32_t source) {
  std::vector<PathShare>& shares = nodes_[node].shares;
  if (shares.empty() || shares.back().source != source) shares.push_back({.source = source});
  return shares.back();
}

void PathTable::take(std::uint32_t node, const Unit& unit, std::uint32_t source) {
  PathNode& into = nodes_[node];
  if (!into.ident_varies && into.ident.value_or("") != unit.ident) {
    into.ident_varies = true;
    into.ident.reset();
  }
  PathShare& share = share_for(node, source);
  if (share.first.born == 0) share.first = unit.key;
  share.own += unit.sums;
  share.idents += std::hash<std::string_view>{}(unit.ident);
}

void PathTable::sum_up(std::uint32_t source) {
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    PathNode& node = nodes_[i];
    if (node.shares.empty() || node.shares.back().source != source) continue;
    PathShare& share = node.shares.back();
    share.all += share.own;
    if (node.parent != kNone) share_for(node.parent, source).all += share.all;
  }
}

std::uint32_t PathTable::add(const MemoryState& state, const core::VersionProfile* profile, ContextSlot root) {
  PathReader reader(*this, state, profile, root);
  while (!reader.advance(std::numeric_limits<std::size_t>::max())) {
  }
  return reader.source();
}

const PathShare* PathTable::share(std::uint32_t node, std::uint32_t source) const {
  const std::vector<PathShare>& shares = nodes_[node].shares;
  const auto found =
      std::lower_bound(shares.begin(), shares.end(), source,
                       [](const PathShare& share, std::uint32_t wanted) { return share.source < wanted; });
  return found == shares.end() || found->source != source ? nullptr : &*found;
}

PathSums PathTable::whole(std::uint32_t source) const {
  PathSums sums;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (const PathShare* top = nodes_[i].parent == kNone ? share(i, source) : nullptr) sums += top->all;
  return sums;
}

std::string PathTable::label(std::uint32_t node) const {
  const PathNode& at = nodes_[node];
  if (at.omitted) return "(left out by the dump)";
  return at.ident ? at.name + " [" + *at.ident + "]" : at.name;
}

std::string PathTable::path(std::uint32_t node) const {
  std::vector<std::uint32_t> way;
  for (std::uint32_t at = node; at != kNone; at = nodes_[at].parent) way.push_back(at);
  std::string text;
  for (std::size_t i = way.size(); i-- > 0;) {
    text += label(way[i]);
    if (i > 0) text += " > ";
  }
  return text;
}

PathReader::PathReader(PathTable& table, const MemoryState& state, const core::VersionProfile* profile,
                       ContextSlot root)
    : table_(&table),
      state_(&state),
      profile_(profile),
      source_(table.sources_++),
      places_(state.contexts().size(), kNone) {
  if (root) {
    waiting_.emplace_back(root, kNone);
    return;
  }
  for (ContextSlot top = state.first_root(); top; top = state.contexts()[top.value].next_sibling)
    waiting_.emplace_back(top, kNone);
}

bool PathReader::advance(std::size_t contexts) {
  if (done_) return true;
  for (; contexts > 0 && !waiting_.empty(); --contexts) {
    const auto [slot, parent] = waiting_.back();
    waiting_.pop_back();
    const ContextRecord& context = state_->contexts()[slot.value];
    const ReportedCounters c = context_counters(*state_, context, profile_);
    PathTable::Unit unit{.name = printed_name(context), .ident = {}, .key = {slot, context.born}, .sums = {}};
    if (context.ident && context.ident->data() != unit.name.data()) unit.ident = *context.ident;
    unit.sums = {1, c.blocks, c.total_bytes, c.free_bytes, c.free_chunks, c.used_bytes, context.live_chunk_count};
    if (context.reported) unit.sums.chunks = c.chunks - std::min(c.chunks, c.free_chunks);
    const std::uint32_t node = table_->node_for(parent, unit);
    table_->take(node, unit, source_);
    places_[slot.value] = node;
    if (context.omitted_children) {
      const OmittedContexts& o = *context.omitted_children;
      PathTable::Unit rest{.name = {}, .ident = {}, .omitted = true, .key = {}, .sums = {}};
      rest.sums = {o.count, o.blocks, o.total_bytes, o.free_bytes, o.free_chunks, o.used_bytes, 0};
      table_->take(table_->node_for(node, rest), rest, source_);
    }
    for (ContextSlot child = context.first_child; child; child = state_->contexts()[child.value].next_sibling)
      waiting_.emplace_back(child, node);
  }
  if (!waiting_.empty()) return false;
  table_->sum_up(source_);
  return done_ = true;
}

std::int64_t own_difference(const PathTable& table, std::uint32_t node, PathPair pair, PathMeasure measure) {
  return change(table.share(node, pair.a), table.share(node, pair.b), &PathShare::own, measure);
}

std::int64_t whole_difference(const PathTable& table, std::uint32_t node, PathPair pair, PathMeasure measure) {
  return change(table.share(node, pair.a), table.share(node, pair.b), &PathShare::all, measure);
}

bool differs(const PathTable& table, std::uint32_t node, PathPair pair) {
  const PathShare *a = table.share(node, pair.a), *b = table.share(node, pair.b);
  if (a == nullptr || b == nullptr) return a != b;
  return !(a->own == b->own) || a->idents != b->idents;
}

std::vector<std::uint32_t> ordered_nodes(const PathTable& table, const std::vector<std::uint64_t>& weights) {
  const std::vector<PathNode>& nodes = table.nodes();
  std::vector<std::vector<std::uint32_t>> children(nodes.size() + 1);  // the last: of no parent
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    children[nodes[i].parent == kNone ? nodes.size() : nodes[i].parent].push_back(i);
  std::vector<std::uint32_t> order, waiting;
  const auto open = [&](std::vector<std::uint32_t>& of) {
    // From the end: the first is taken first. Equal ones in the table's order.
    std::stable_sort(of.begin(), of.end(), [&](std::uint32_t x, std::uint32_t y) { return weights[x] > weights[y]; });
    waiting.insert(waiting.end(), of.rbegin(), of.rend());
  };
  open(children.back());
  while (!waiting.empty()) {
    const std::uint32_t node = waiting.back();
    waiting.pop_back();
    order.push_back(node);
    open(children[node]);
  }
  return order;
}

std::vector<std::uint64_t> difference_weights(const PathTable& table, PathPair pair, PathMeasure measure, bool own) {
  std::vector<std::uint64_t> weights(table.nodes().size());
  for (std::uint32_t i = 0; i < weights.size(); ++i)
    weights[i] = magnitude(own ? own_difference(table, i, pair, measure) : whole_difference(table, i, pair, measure));
  return weights;
}

}  // namespace palloscope::trace
