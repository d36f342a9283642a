#include "gui/layout/tree_layout.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>

#include "trace/analysis/context_counters.h"
#include "trace/exporters/event_text.h"

namespace palloscope::gui {
namespace {

using core::ContextSlot;
using trace::ContextRecord;
using trace::MemoryState;

bool contains_ignoring_case(const std::string& text, const std::string& wanted) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

class TreeBuilder {
 public:
  TreeBuilder(const MemoryState& state, const trace::ChangeSet& change, const TreeRequest& request,
              const core::VersionProfile* profile)
      : state_(state),
        request_(request),
        profile_(profile),
        bytes_(state.contexts().size()),
        shown_(state.contexts().size(), true) {
    for (const auto& [slot, old] : change.contexts) old_[slot] = &old;
    collect_preorder();
    measure();
    if (!request.filter.empty()) filter();
  }

  std::vector<TreeRow> rows() {
    std::vector<ContextSlot> roots;
    for (auto at = state_.first_root(); at; at = record(at).next_sibling) roots.push_back(at);
    // An explicit stack: a dump may nest deeper than our own call stack should go.
    push_siblings(roots, 0, 0);
    while (!waiting_.empty()) {
      TreeRow row = std::move(waiting_.back());
      waiting_.pop_back();
      const bool descend = row.group_size == 0 && !row.ghost && row.has_children && row.open;
      const ContextSlot at = row.context;
      const int depth = row.depth;
      const core::EventNumber born = row.born;
      rows_.push_back(std::move(row));
      if (!descend) continue;
      std::vector<ContextSlot> children;
      for (auto child = record(at).first_child; child; child = record(child).next_sibling) children.push_back(child);
      push_siblings(children, depth + 1, born);
    }
    return std::move(rows_);
  }

 private:
  const ContextRecord& record(ContextSlot slot) const { return state_.contexts()[slot.value]; }

  void collect_preorder() {
    std::vector<ContextSlot> stack;
    for (auto at = state_.first_root(); at; at = record(at).next_sibling) stack.push_back(at);
    while (!stack.empty()) {
      const ContextSlot at = stack.back();
      stack.pop_back();
      preorder_.push_back(at);
      for (auto child = record(at).first_child; child; child = record(child).next_sibling) stack.push_back(child);
    }
  }

  void measure() {
    const auto inclusive = trace::inclusive_counters(state_, profile_);
    for (const ContextSlot at : preorder_) {
      TreeBytes own = own_bytes(state_, record(at), profile_);
      if (auto old = old_.find(at); old != old_.end()) {
        const auto before = old->second->born == record(at).born ? own_bytes(state_, *old->second, profile_).own : 0;
        own.growth = static_cast<std::int64_t>(own.own) - static_cast<std::int64_t>(before);
      }
      own.inclusive = inclusive[at.value].total_bytes;
      bytes_[at.value] = own;
    }
  }

  void filter() {
    std::fill(shown_.begin(), shown_.end(), false);
    for (auto at = preorder_.rbegin(); at != preorder_.rend(); ++at) {
      const auto [name, ident] = name_and_ident(record(*at));
      if (contains_ignoring_case(name, request_.filter) || contains_ignoring_case(ident, request_.filter))
        shown_[at->value] = true;
      if (const ContextSlot parent = record(*at).parent; parent && shown_[at->value]) shown_[parent.value] = true;
    }
  }

  TreeRow row_of(ContextSlot slot, int depth) const {
    const ContextRecord& context = record(slot);
    TreeRow row;
    row.context = slot;
    row.born = context.born;
    row.depth = depth;
    row.has_children = static_cast<bool>(context.first_child);
    row.open = !request_.closed.contains({slot.value, context.born}) || !request_.filter.empty();
    std::tie(row.name, row.ident) = name_and_ident(context);
    row.bytes = bytes_[slot.value];
    return row;
  }

  void push_siblings(std::vector<ContextSlot> siblings, int depth, core::EventNumber parent_born) {
    std::erase_if(siblings, [&](ContextSlot slot) { return !shown_[slot.value]; });
    sort(siblings);
    std::map<std::string, int> same_name;
    for (ContextSlot slot : siblings)
      if (!record(slot).first_child) ++same_name[record(slot).name];
    std::vector<TreeRow> rows;
    std::map<std::string, std::size_t> groups;
    for (ContextSlot slot : siblings) {
      const ContextRecord& context = record(slot);
      const bool folds = !context.first_child && request_.filter.empty() && context.name != "dynahash" &&
                         same_name[context.name] >= kFoldFrom;
      if (!folds) {
        rows.push_back(row_of(slot, depth));
        continue;
      }
      const bool opened = request_.opened_groups.contains({parent_born, context.name});
      auto [group, is_new] = groups.try_emplace(context.name, rows.size());
      if (is_new) {
        TreeRow head = row_of(slot, depth);
        head.ident.clear();
        head.bytes = {};
        head.open = opened;
        head.has_children = true;
        head.born = parent_born;
        rows.push_back(std::move(head));
      }
      TreeRow& head = rows[group->second];
      ++head.group_size;
      head.bytes.own += bytes_[slot.value].own;
      head.bytes.used += bytes_[slot.value].used;
      head.bytes.inclusive += bytes_[slot.value].inclusive;
      head.bytes.growth += bytes_[slot.value].growth;
      if (opened) rows.push_back(row_of(slot, depth + 1));
    }
    add_ghosts(rows, depth, parent_born);
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) waiting_.push_back(std::move(*row));
  }

  // Contexts that the last step deleted leave a line where they were.
  void add_ghosts(std::vector<TreeRow>& rows, int depth, core::EventNumber parent_born) {
    for (const auto& [slot, old] : old_) {
      if (old->born == 0) continue;
      const ContextRecord* now = state_.context(slot);
      if (now != nullptr && now->born == old->born) continue;
      const ContextRecord* parent = old->parent ? state_.context(old->parent) : nullptr;
      const core::EventNumber under = parent == nullptr ? 0 : parent->born;
      if (under != parent_born || (old->parent && parent == nullptr)) continue;
      TreeRow ghost;
      ghost.context = slot;
      ghost.born = old->born;
      ghost.depth = depth;
      ghost.ghost = true;
      std::tie(ghost.name, ghost.ident) = name_and_ident(*old);
      ghost.bytes = own_bytes(state_, *old, profile_);
      ghost.bytes.growth = -static_cast<std::int64_t>(ghost.bytes.own);
      rows.push_back(std::move(ghost));
    }
  }

  void sort(std::vector<ContextSlot>& siblings) const {
    const auto by = [&](auto&& key) {
      std::stable_sort(siblings.begin(), siblings.end(), [&](ContextSlot a, ContextSlot b) { return key(a) > key(b); });
    };
    switch (request_.order) {
      case TreeOrder::Tree:
        break;
      case TreeOrder::Own:
        by([&](ContextSlot s) { return bytes_[s.value].own; });
        break;
      case TreeOrder::Inclusive:
        by([&](ContextSlot s) { return bytes_[s.value].inclusive; });
        break;
      case TreeOrder::Growth:
        by([&](ContextSlot s) { return bytes_[s.value].growth; });
    }
  }

  const MemoryState& state_;
  const TreeRequest& request_;
  const core::VersionProfile* profile_;
  std::unordered_map<ContextSlot, const ContextRecord*> old_;
  std::vector<ContextSlot> preorder_;
  std::vector<TreeBytes> bytes_;
  std::vector<bool> shown_;
  std::vector<TreeRow> waiting_, rows_;
};

}  // namespace

std::pair<std::string, std::string> name_and_ident(const ContextRecord& context) {
  std::string name(trace::printed_name(context));
  if (context.ident && name == *context.ident && name != context.name) return {std::move(name), ""};
  return {std::move(name), context.ident.value_or("")};
}

TreeBytes own_bytes(const MemoryState& state, const ContextRecord& context, const core::VersionProfile* profile) {
  const trace::ReportedCounters counters = trace::context_counters(state, context, profile);
  return {counters.total_bytes, counters.used_bytes, 0, 0};
}

std::vector<TreeRow> lay_out_tree(const MemoryState& state, const trace::ChangeSet& change, const TreeRequest& request,
                                  const core::VersionProfile* profile) {
  return TreeBuilder(state, change, request, profile).rows();
}

}  // namespace palloscope::gui
