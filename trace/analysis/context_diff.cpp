#include "trace/analysis/context_diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/version/version_profile.h"
#include "trace/analysis/context_counters.h"

namespace palloscope::trace {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFF;

struct Node {
  ContextSlot slot;
  std::uint32_t parent = kNone;  // index of its node
  std::string path;
  ReportedCounters counters;
};

std::string label_of(const ContextRecord& context) {
  if (!context.ident || context.ident->empty()) return context.name;
  if (context.name == "dynahash") return *context.ident;
  std::string label = context.name;
  label += " [";
  label += *context.ident;
  label += ']';
  return label;
}

// The whole tree depth first, siblings oldest first.
std::vector<Node> nodes_of(const Moment& moment) {
  const MemoryState& state = moment.state;
  const core::VersionProfile* profile = core::find_profile(moment.description.pg_major, moment.description.checking);
  std::vector<Node> nodes;
  std::vector<std::pair<ContextSlot, std::uint32_t>> waiting;
  for (ContextSlot root = state.first_root(); root; root = state.contexts()[root.value].next_sibling)
    waiting.emplace_back(root, kNone);
  while (!waiting.empty()) {
    const auto [slot, parent] = waiting.back();
    waiting.pop_back();
    const ContextRecord& context = state.contexts()[slot.value];
    Node node{slot, parent, label_of(context), context_counters(state, context, profile)};
    if (parent != kNone) node.path = nodes[parent].path + " > " + node.path;
    const auto index = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back(std::move(node));
    for (ContextSlot child = context.first_child; child; child = state.contexts()[child.value].next_sibling)
      waiting.emplace_back(child, index);
  }
  return nodes;
}

// For each node of `after` the index of the same context's node in `before`, or kNone.
std::vector<std::uint32_t> match_by_birth(const Moment& before, const std::vector<Node>& olds, const Moment& after,
                                          const std::vector<Node>& news) {
  std::map<std::pair<std::uint32_t, EventNumber>, std::uint32_t> old_of;
  for (std::uint32_t i = 0; i < olds.size(); ++i)
    old_of[{olds[i].slot.value, before.state.contexts()[olds[i].slot.value].born}] = i;
  std::vector<std::uint32_t> match(news.size(), kNone);
  for (std::uint32_t i = 0; i < news.size(); ++i) {
    const auto found = old_of.find({news[i].slot.value, after.state.contexts()[news[i].slot.value].born});
    if (found != old_of.end()) match[i] = found->second;
  }
  return match;
}

std::vector<std::uint32_t> match_by_path(const Moment& before, const std::vector<Node>& olds, const Moment& after,
                                         const std::vector<Node>& news) {
  // (old parent's node, name, ident) -> its contexts, and how many of them have been matched
  using Key = std::tuple<std::uint32_t, std::string, std::optional<std::string>>;
  struct Equals {
    std::vector<std::uint32_t> nodes;
    std::size_t used = 0;
  };
  std::map<Key, Equals> waiting;
  for (std::uint32_t i = 0; i < olds.size(); ++i) {
    const ContextRecord& context = before.state.contexts()[olds[i].slot.value];
    waiting[{olds[i].parent, context.name, context.ident}].nodes.push_back(i);
  }
  std::vector<std::uint32_t> match(news.size(), kNone);
  for (std::uint32_t i = 0; i < news.size(); ++i) {
    const bool is_root = news[i].parent == kNone;
    const std::uint32_t old_parent = is_root ? kNone : match[news[i].parent];
    if (!is_root && old_parent == kNone) continue;
    const ContextRecord& context = after.state.contexts()[news[i].slot.value];
    const auto found = waiting.find({old_parent, context.name, context.ident});
    if (found == waiting.end() || found->second.used == found->second.nodes.size()) continue;
    match[i] = found->second.nodes[found->second.used++];
  }
  return match;
}

}  // namespace

std::vector<ContextDifference> diff_contexts(const Moment& before, const Moment& after, bool same_stream) {
  const std::vector<Node> olds = nodes_of(before), news = nodes_of(after);
  const std::vector<std::uint32_t> match =
      same_stream ? match_by_birth(before, olds, after, news) : match_by_path(before, olds, after, news);
  std::vector<ContextDifference> differences;
  std::vector<bool> stayed(olds.size());
  for (std::size_t i = 0; i < news.size(); ++i) {
    if (match[i] == kNone) {
      differences.push_back({ContextDifference::What::Came, news[i].path, {}, news[i].counters});
      continue;
    }
    const Node& old = olds[match[i]];
    stayed[match[i]] = true;
    if (old.counters != news[i].counters)
      differences.push_back({ContextDifference::What::Changed, news[i].path, old.counters, news[i].counters});
  }
  for (std::size_t i = 0; i < olds.size(); ++i)
    if (!stayed[i]) differences.push_back({ContextDifference::What::Went, olds[i].path, olds[i].counters, {}});
  return differences;
}

}  // namespace palloscope::trace
