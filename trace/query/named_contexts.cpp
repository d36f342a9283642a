#include "trace/query/named_contexts.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/base/nearest_word.h"
#include "trace/replay/event_store.h"

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostRemembered = 4096;  // names, for what may have been meant
constexpr KindSet kNaming = {core::ContextCreated::kTag, core::ContextIdentSet::kTag};

void add_steps(std::vector<NamedContext>& into, std::string_view path, bool whole) {
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t to = std::min(path.find('/', from), path.size());
    NamedContext step{std::string(path.substr(from, to - from)), whole};
    if (!step.name.empty() && std::find(into.begin(), into.end(), step) == into.end()) into.push_back(std::move(step));
    from = to + 1;
  }
}

struct Sought {
  std::vector<NamedContext> missing;
  std::unordered_set<std::string> seen;

  // Hash tables are called by their idents (printed_name), so an ident will do wherever it stands.
  void see(const std::string& name) {
    if (seen.size() >= kMostRemembered ? seen.contains(name) : !seen.insert(name).second) return;
    std::erase_if(missing, [&](const NamedContext& wanted) {
      return wanted.whole ? wanted.name == name : name.find(wanted.name) != std::string::npos;
    });
  }
  template <class E>
  void operator()(const E& event) {
    if constexpr (std::is_same_v<E, core::ContextCreated>) see(event.name);
    if constexpr (std::is_same_v<E, core::ContextIdentSet>)
      if (event.ident) see(*event.ident);
  }
};

}  // namespace

std::vector<NamedContext> contexts_named_in(const Condition& condition) {
  std::vector<NamedContext> named;
  const ConditionTree& tree = condition.tree();
  for (const ConditionNode& node : tree.nodes) {
    if (node.sort == NodeSort::Sum) add_steps(named, tree.texts[node.text], true);
    if (node.sort != NodeSort::TextMatch || (node.quantity != Quantity::Context && node.quantity != Quantity::Path))
      continue;
    const bool part = node.comparison == Comparator::Contains || node.comparison == Comparator::Lacks;
    if (node.quantity == Quantity::Path)
      add_steps(named, tree.texts[node.text], !part);
    else if (!tree.texts[node.text].empty())
      named.push_back({tree.texts[node.text], !part});
  }
  return named;
}

std::vector<NamedContext> contexts_named_in(std::string_view path) {
  std::vector<NamedContext> named;
  add_steps(named, path, true);
  return named;
}

std::vector<MissingContext> missing_contexts(const Timeline& timeline, std::vector<NamedContext> wanted) {
  const EventStore& store = timeline.events();
  Sought sought{std::move(wanted), {}};
  for (std::size_t block = 0; block < store.block_count() && !sought.missing.empty(); ++block) {
    if (!store.is_open(block) && !kNaming.meets(store.summary(block))) continue;
    BlockEvents events;
    if (!store.begin(block, events) ||
        !events.visit(store.event_count(block), [&](const auto& event) { sought(event); }))
      return {};  // what cannot be read may name it
  }
  const std::vector<std::string_view> names(sought.seen.begin(), sought.seen.end());
  std::vector<MissingContext> missing;
  for (const NamedContext& one : sought.missing) {
    if (std::any_of(missing.begin(), missing.end(), [&](const auto& other) { return other.name == one.name; }))
      continue;
    missing.push_back({one.name, std::string(core::nearest_word(one.name, names).value_or(""))});
  }
  return missing;
}

std::string missing_text(const MissingContext& missing) {
  return fmt::format("no context is ever called \"{}\"{}", missing.name,
                     missing.nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", missing.nearest));
}

}  // namespace palloscope::trace
