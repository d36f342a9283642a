#include "tests/support/random_operations.h"

#include <algorithm>
#include <string>

namespace palloscope::test {

using core::Address;
using core::ContextKind;

RandomOperations::RandomOperations(core::Process& process, std::uint64_t seed) : process_(process), random_(seed) {
  contexts_.push_back({process.top_memory_context(), ContextKind::AllocSet, 0, 0, true});
}

std::size_t RandomOperations::some_context() {
  for (;;) {
    std::size_t index = below(contexts_.size());
    if (contexts_[index].live) return index;
  }
}

std::uint64_t RandomOperations::some_size() {
  switch (below(10)) {
    case 0:
      return below(16);
    case 1:
      return std::uint64_t{8} << below(11);
    case 2:
      return 1000 + below(9000);
    case 3:
      return below(4) == 0 ? below(300'000) : below(2000);
    default:
      return below(300);
  }
}

bool RandomOperations::is_below(std::size_t context, std::size_t ancestor) const {
  while (context != ancestor && context != 0) context = contexts_[context].parent;
  return context == ancestor;
}

void RandomOperations::operate() {
  process_.fail_mallocs_from(below(100) == 0 ? 1 + below(20'000) : 0);
  try {
    std::uint64_t roll = below(1000);
    if (roll < 480) {
      alloc();
    } else if (roll < 740) {
      free_one();
    } else if (roll < 850) {
      resize_one();
    } else if (roll < 880) {
      write_into_one();
    } else if (roll < 930) {
      create();
    } else if (roll < 965) {
      reset_or_delete();
    } else if (roll < 985) {
      rearrange();
    } else {
      plain_malloc();
    }
  } catch (const core::Ereport&) {
    // out of memory, or a size that the kind of context refuses: part of the game
  }
  process_.fail_mallocs_from(0);
}

void RandomOperations::create() {
  std::size_t live = 0;
  for (const Context& context : contexts_) live += context.live ? 1 : 0;
  if (live >= 12) return;
  std::size_t parent = some_context();
  Address parent_at = contexts_[parent].at;
  std::string name = "context " + std::to_string(contexts_.size());
  constexpr core::AllocSetSizes kSizes[] = {core::kDefaultSizes, core::kSmallSizes,   core::kStartSmallSizes,
                                            {0, 8192, 16384},    {2048, 4096, 65536}, {0, 1024, 4096}};
  const core::AllocSetSizes& sizes = kSizes[below(std::size(kSizes))];
  Context made{{}, ContextKind::AllocSet, parent, 0, true};
  switch (below(5)) {
    case 0:
      made.kind = ContextKind::Generation;
      made.at = process_.generation_context_create(parent_at, name, sizes);
      break;
    case 1:
      made.kind = ContextKind::Slab;
      made.chunk_bytes = 8 + below(250);
      made.at = process_.slab_context_create(parent_at, name, 1024u << below(4), made.chunk_bytes);
      break;
    case 2:
      if (process_.profile().rules.has_bump) {
        made.kind = ContextKind::Bump;
        made.at = process_.bump_context_create(parent_at, name, sizes);
        break;
      }
      [[fallthrough]];
    default:
      made.at = process_.alloc_set_context_create(parent_at, name, sizes);
  }
  contexts_.push_back(made);
}

void RandomOperations::alloc() {
  std::size_t index = some_context();
  const Context& context = contexts_[index];
  std::uint64_t bytes = context.kind == ContextKind::Slab && below(50) != 0 ? context.chunk_bytes : some_size();
  Address at;
  switch (below(8)) {
    case 0:
      at = process_.memory_context_alloc_zero(context.at, bytes);
      break;
    case 1:
      at = process_.memory_context_alloc_extended(context.at, bytes, core::kMcxtAllocNoOom);
      break;
    case 2:
      process_.memory_context_switch_to(context.at);
      at = process_.palloc(bytes);
      break;
    case 3:
      if (process_.profile().rules.has_aligned && context.kind != ContextKind::Bump &&
          context.kind != ContextKind::Slab) {
        at = process_.memory_context_alloc_aligned(context.at, bytes, std::uint64_t{8} << below(8), 0);
        break;
      }
      [[fallthrough]];
    default:
      at = process_.memory_context_alloc(context.at, bytes);
  }
  if (at && context.kind != ContextKind::Bump) chunks_.push_back({at, index, bytes});
}

void RandomOperations::free_one() {
  if (chunks_.empty()) return;
  std::size_t index = below(3) == 0 ? chunks_.size() - 1 : below(chunks_.size());
  Address at = chunks_[index].at;
  chunks_[index] = chunks_.back();
  chunks_.pop_back();
  process_.pfree(at);
}

void RandomOperations::resize_one() {
  if (chunks_.empty()) return;
  Chunk& chunk = chunks_[below(chunks_.size())];
  std::uint64_t bytes = below(3) == 0 ? chunk.bytes + below(100) : some_size();
  if (contexts_[chunk.context].kind == ContextKind::Slab && below(20) != 0) bytes = chunk.bytes;
  chunk.at = process_.repalloc(chunk.at, bytes);
  chunk.bytes = bytes;
}

void RandomOperations::write_into_one() {
  if (chunks_.empty()) return;
  const Chunk& chunk = chunks_[below(chunks_.size())];
  if (chunk.bytes == 0) return;
  std::vector<std::uint8_t> bytes(1 + below(std::min<std::uint64_t>(chunk.bytes, 64)));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
  process_.write(chunk.at + below(chunk.bytes - bytes.size() + 1), bytes);
}

void RandomOperations::forget_chunks(std::size_t context) {
  chunks_.erase(std::remove_if(chunks_.begin(), chunks_.end(), [&](const Chunk& c) { return c.context == context; }),
                chunks_.end());
}

void RandomOperations::forget_below(std::size_t ancestor) {
  for (std::size_t i = 1; i < contexts_.size(); ++i) {
    if (!contexts_[i].live || i == ancestor || !is_below(i, ancestor)) continue;
    forget_chunks(i);
    contexts_[i].live = false;
  }
}

void RandomOperations::reset_or_delete() {
  std::size_t index = some_context();
  if (index == 0) return;
  Address at = contexts_[index].at;
  auto current_dies = [&](bool with_itself) {
    for (std::size_t i = 1; i < contexts_.size(); ++i) {
      if (contexts_[i].live && contexts_[i].at == process_.current_memory_context() && is_below(i, index)) {
        if (i != index || with_itself) return true;
      }
    }
    return false;
  };
  switch (below(5)) {
    case 0:
      process_.memory_context_reset_only(at);
      forget_chunks(index);
      break;
    case 1:
      if (current_dies(false)) process_.memory_context_switch_to(process_.top_memory_context());
      process_.memory_context_reset(at);
      forget_below(index);
      forget_chunks(index);
      break;
    case 2:
      for (std::size_t i = 1; i < contexts_.size(); ++i) {
        if (contexts_[i].live && i != index && is_below(i, index)) forget_chunks(i);
      }
      process_.memory_context_reset_children(at);
      break;
    case 3:
      if (current_dies(false)) process_.memory_context_switch_to(process_.top_memory_context());
      process_.memory_context_delete_children(at);
      forget_below(index);
      break;
    default:
      if (current_dies(true)) process_.memory_context_switch_to(process_.top_memory_context());
      process_.memory_context_delete(at);
      forget_below(index);
      forget_chunks(index);
      contexts_[index].live = false;
  }
}

void RandomOperations::rearrange() {
  std::size_t index = some_context();
  Address at = contexts_[index].at;
  switch (below(4)) {
    case 0: {
      std::size_t parent = some_context();
      if (index == 0 || is_below(parent, index)) return;
      process_.memory_context_set_parent(at, contexts_[parent].at);
      contexts_[index].parent = parent;
      break;
    }
    case 1:
      process_.memory_context_set_identifier(
          at, below(3) == 0 ? std::nullopt : std::optional<std::string_view>("ident of something"));
      break;
    case 2:
      process_.memory_context_allow_in_critical_section(at, below(2) == 0);
      break;
    default:
      if (index != 0) process_.memory_context_register_reset_callback(at, next_callback_++, [] {});
  }
}

void RandomOperations::plain_malloc() {
  if (plain_.empty() || below(2) == 0) {
    if (Address at = process_.malloc(below(300'000))) plain_.push_back(at);
    return;
  }
  std::size_t index = below(plain_.size());
  if (below(2) == 0) {
    if (Address at = process_.realloc(plain_[index], 1 + below(300'000))) plain_[index] = at;
    return;
  }
  process_.free(plain_[index]);
  plain_.erase(plain_.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace palloscope::test
