#include "core/walk/heap_walker.h"

#include "core/walk/context_walk.h"

namespace palloscope::core {
namespace {

constexpr std::uint64_t kMaxBlockBytes = std::uint64_t{1} << 46;

// context_freelists[2] (spec 3.9)
constexpr Field kNumFree{0, 4}, kFirstFree{8, 8};
constexpr std::uint64_t kContextFreeListBytes = 16;

class HeapWalk {
 public:
  HeapWalk(const MemorySource& memory, const VersionProfile& profile, const WalkLimits& limits)
      : run_(memory, profile, limits, heap_) {}

  WalkedHeap walk(const WalkRoots& roots) {
    if (roots.current_memory_context) heap_.current = read_variable(roots.current_memory_context);
    if (roots.top_memory_context) {
      Address top = read_variable(roots.top_memory_context);
      if (top) walk_tree(top);
    }
    for (Address detached : roots.detached) walk_tree(detached);
    if (roots.context_freelists) {
      walk_recycled(roots.context_freelists, 0);
      walk_recycled(roots.context_freelists + kContextFreeListBytes, 1);
    }
    return std::move(heap_);
  }

 private:
  // A list of siblings that is being walked.
  struct Level {
    Address next, previous;
    Address parent_at;
    std::int32_t parent = -1;
    std::uint32_t depth = 0;
  };
  struct Links {
    Address parent, first_child, previous, next;
  };

  Address read_variable(Address variable) {
    StructView view = run_.window.view(variable, 8);
    if (view) return view.pointer({0, 8});
    run_.found(variable, "a global variable that cannot be read");
    return {};
  }

  void walk_tree(Address root) {
    std::vector<Level> levels = {{root, {}, {}, -1, 0}};
    while (!levels.empty()) {
      Level& level = levels.back();
      if (!level.next) {
        levels.pop_back();
        continue;
      }
      Address at = level.next;
      Links links;
      std::optional<WalkedContext> context = read_context(at, links);
      if (!context) {  // without it, what comes after it is lost as well
        levels.pop_back();
        continue;
      }
      bool is_root = level.parent < 0;
      if (links.parent != level.parent_at) {
        run_.found(at, "context \"{}\": its parent link is {:#x}, not {:#x}", context->name, links.parent.value,
                   level.parent_at.value);
      }
      if (!is_root && links.previous != level.previous) {
        run_.found(at, "context \"{}\": its link to the previous sibling is {:#x}, not {:#x}", context->name,
                   links.previous.value, level.previous.value);
      }
      context->parent = level.parent;
      context->depth = level.depth;
      level.previous = at;
      level.next = is_root ? Address{} : links.next;
      auto index = static_cast<std::int32_t>(heap_.contexts.size());
      std::uint32_t child_depth = level.depth + 1;
      heap_.contexts.push_back(std::move(*context));
      if (links.first_child) levels.push_back({links.first_child, {}, at, index, child_depth});
    }
  }

  void walk_recycled(Address list, std::size_t number) {
    StructView view = run_.window.view(list, kContextFreeListBytes);
    if (!view) return run_.found(list, "recycled-context list {} cannot be read", number);
    std::uint64_t count = view.get(kNumFree);
    Address at = view.pointer(kFirstFree);
    std::vector<WalkedContext>& recycled = heap_.recycled[number];
    while (at) {
      Links links;
      std::optional<WalkedContext> context = read_context(at, links);
      if (!context) return;
      if (context->kind != ContextKind::AllocSet) run_.found(at, "a recycled context that is no AllocSet");
      recycled.push_back(std::move(*context));
      at = links.next;
    }
    if (recycled.size() != count) {
      run_.found(list, "recycled-context list {} says it has {} contexts, it has {}", number, count, recycled.size());
    }
  }

  std::optional<WalkedContext> read_context(Address at, Links& links) {
    const MemoryContextLayout& layout = run_.profile.context;
    if (!seen_.insert(at).second) {
      run_.found(at, "a context that is met twice: the links make a circle");
      return {};
    }
    if (seen_.size() > run_.limits.contexts) {
      run_.found(at, "more than {} contexts; the rest is left out", run_.limits.contexts);
      return {};
    }
    StructView view = run_.window.view(at, layout.bytes);
    if (!view) {
      run_.found(at, "a context header that cannot be read");
      return {};
    }
    WalkedContext context;
    context.at = at;
    context.kind = kind_of(view.get(layout.type));
    if (context.kind == ContextKind::Unknown) {
      run_.found(at, "not a context: its node tag is {}", view.get(layout.type));
      return {};
    }
    context.is_reset = view.get(layout.is_reset) != 0;
    context.allow_in_crit_section = view.get(layout.allow_in_crit_section) != 0;
    context.mem_allocated = view.get(layout.mem_allocated);
    links = {view.pointer(layout.parent), view.pointer(layout.first_child), view.pointer(layout.prev_child),
             view.pointer(layout.next_child)};
    Address name = view.pointer(layout.name), ident = view.pointer(layout.ident);
    context.name = read_text(name, at, "name");
    if (ident) context.ident = read_text(ident, at, "ident");
    walk_contents(context);
    return context;
  }

  ContextKind kind_of(std::uint64_t tag) const {
    for (std::size_t i = 0; i < run_.profile.node_tags.size(); ++i) {
      if (run_.profile.node_tags[i] != 0 && run_.profile.node_tags[i] == tag) return static_cast<ContextKind>(i);
    }
    return ContextKind::Unknown;
  }

  std::string read_text(Address at, Address context, const char* what) {
    std::string text;
    while (text.size() < run_.limits.name_bytes) {
      StructView byte = run_.window.view(at + text.size(), 1, at + text.size() + 64);
      if (!byte) {
        run_.found(context, "the context's {} at {:#x} cannot be read", what, at.value);
        return text;
      }
      if (byte.bytes[0] == 0) return text;
      text.push_back(static_cast<char>(byte.bytes[0]));
    }
    return text;
  }

  void walk_contents(WalkedContext& context) {
    switch (context.kind) {
      case ContextKind::AllocSet:
        return walk_alloc_set(run_, context);
      case ContextKind::Generation:
        return walk_generation(run_, context);
      case ContextKind::Slab:
        return walk_slab(run_, context);
      case ContextKind::Bump:
        return walk_bump(run_, context);
      case ContextKind::Unknown:
        return;
    }
  }

  WalkedHeap heap_;
  WalkRun run_;
  std::unordered_set<Address> seen_;
};

}  // namespace

bool sane_block(WalkRun& run, const WalkedBlock& block) {
  if (block.header < block.start && block.start <= block.free_at && block.free_at <= block.end &&
      block.end - block.header <= kMaxBlockBytes) {
    return true;
  }
  run.found(block.header, "a block whose free space ({:#x} to {:#x}) is not inside it", block.free_at.value,
            block.end.value);
  return false;
}

void check_mem_allocated(WalkRun& run, const WalkedContext& context, std::uint64_t blocks_add_up_to) {
  if (context.mem_allocated == blocks_add_up_to) return;
  run.found(context.at, "context \"{}\": mem_allocated is {}, its blocks add up to {}", context.name,
            context.mem_allocated, blocks_add_up_to);
}

WalkedHeap walk_heap(const MemorySource& memory, const VersionProfile& profile, const WalkRoots& roots,
                     const WalkLimits& limits) {
  return HeapWalk(memory, profile, limits).walk(roots);
}

}  // namespace palloscope::core
