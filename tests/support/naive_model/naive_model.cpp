#include "tests/support/naive_model/naive_model.h"

#include <algorithm>

namespace palloscope::test {

using core::ContextKind;

NaiveSizes::NaiveSizes(int major, bool checking) {
  const std::uint64_t more = checking ? 8 : 0;
  set = major <= 16 ? 224 : 200;
  set_block = 40;
  set_chunk = (major == 15 ? 16 : 8) + more;
  generation = major <= 16 ? 152 : 128;
  generation_block = major == 15 ? 48 : 56;
  generation_chunk = (major == 15 ? 24 : 8) + more;
  slab = major == 15 ? 128 + more : major == 16 ? 192 + more : 176 + 2 * more;
  slab_block = major == 15 ? 24 : 48;
  slab_chunk = major == 15 ? 16 : 8 + more;
  bump = 112;
  bump_block = 32 + more;
  bump_chunk = 2 * more;
}

NaiveModel::NaiveModel(int major, bool checking, std::function<std::uint64_t(std::int64_t)> base)
    : major_(major), checking_(checking), sizes_(major, checking), base_(std::move(base)) {
  // spec 7.1: these two have no numbered blocks
  Operation top;
  top.init = 8192;
  top.max = 8388608;
  top.text = "TopMemoryContext";
  next_region_ = -2;
  top.context = -1;
  top.parent = -2;
  create(top);
  top.context = -3;
  top.parent = -1;
  top.min = top.max = 8192;
  top.text = "ErrorContext";
  create(top);
  contexts_[-3].crit = true;
}

Outcome NaiveModel::apply(const Operation& operation) {
  Outcome outcome;
  calls_.clear();
  run_.clear();
  output_.clear();
  try {
    carry_out(operation, outcome);
  } catch (const Error& error) {
    outcome = {};
    outcome.error = error.text;
  }
  outcome.calls = calls_;
  outcome.callbacks = run_;
  outcome.output = output_;
  return outcome;
}

void NaiveModel::carry_out(const Operation& operation, Outcome& outcome) {
  const int context = operation.context;
  switch (operation.kind) {
    case OperationKind::Create:
      create(operation);
      break;
    case OperationKind::Alloc:
    case OperationKind::AllocAligned: {
      Maybe made = operation.kind == OperationKind::AllocAligned
                       ? alloc_aligned(context, operation.size, operation.align, operation.flags)
                   : operation.flags == 0 ? alloc_plain(context, operation.size)
                                          : alloc_extended(context, operation.size, operation.flags);
      if (made) {
        chunks_[operation.chunk] = *made;
        contexts_.at(context).chunks.insert(operation.chunk);
      }
      answer_chunk(made, outcome);
      break;
    }
    case OperationKind::Free: {
      NaiveChunk chunk = chunks_.at(operation.chunk);
      pfree(chunk);
      chunks_.erase(operation.chunk);
      contexts_.at(chunk.context).chunks.erase(operation.chunk);
      break;
    }
    case OperationKind::Realloc: {
      Maybe moved = repalloc(chunks_.at(operation.chunk), operation.size, operation.flags);
      chunks_[operation.chunk] = *moved;
      answer_chunk(moved, outcome);
      break;
    }
    case OperationKind::Reset:
      reset(context);
      break;
    case OperationKind::ResetOnly:
      reset_only(context);
      break;
    case OperationKind::ResetChildren:
      reset_children(context);
      break;
    case OperationKind::Delete:
      remove(context);
      break;
    case OperationKind::DeleteChildren:
      while (!contexts_.at(context).children.empty()) remove(contexts_.at(context).children.front());
      break;
    case OperationKind::SetParent:
      set_parent(context, operation.parent);
      break;
    case OperationKind::SetIdent:
      contexts_.at(context).ident = operation.on ? std::optional(operation.text) : std::nullopt;
      break;
    case OperationKind::AllowInCrit:
      contexts_.at(context).crit = operation.on;
      break;
    case OperationKind::RegisterCallback:
      contexts_.at(context).callbacks.insert(contexts_.at(context).callbacks.begin(), operation.callback);
      contexts_.at(context).is_reset = false;
      break;
    case OperationKind::MallocFail:
      fail_from_ = operation.size;
      break;
  }
}

void NaiveModel::answer_chunk(const Maybe& chunk, Outcome& outcome) const {
  if (!chunk) {
    outcome.returned_null = true;
    return;
  }
  outcome.at = chunk->at;
  const ContextKind kind = contexts_.at(chunk->context).kind;
  if (kind != ContextKind::Bump) outcome.space = space_of(*chunk);
  bool has_word = major_ >= 16 ? kind != ContextKind::Bump || checking_ : kind != ContextKind::Slab;
  if (has_word) outcome.word = word_of(*chunk);
}

// --- malloc -------------------------------------------------------------------------------------------------------

bool NaiveModel::refused(std::uint64_t bytes) const {
  // No machine has 16 TB to give.
  return (fail_from_ != 0 && bytes >= fail_from_) || bytes > std::uint64_t{1} << 44;
}

std::optional<std::int64_t> NaiveModel::malloc(std::uint64_t bytes) {
  if (refused(bytes)) {
    calls_.push_back({MallocCall::MallocFailed, -1, bytes});
    return std::nullopt;
  }
  calls_.push_back({MallocCall::Malloc, next_region_, bytes});
  return next_region_++;
}

bool NaiveModel::resize(std::int64_t region, std::uint64_t bytes) {
  bool can = !refused(bytes);
  calls_.push_back({can ? MallocCall::Realloc : MallocCall::ReallocFailed, can ? region : -1, bytes});
  return can;
}

void NaiveModel::release(std::int64_t region) { calls_.push_back({MallocCall::Free, region, 0}); }

// --- sizes and errors (spec 7.9) ------------------------------------------------------------------------------------

void NaiveModel::check_size(std::uint64_t size, int flags) const {
  std::uint64_t most = (flags & 1) != 0 ? 0x7FFFFFFFFFFFFFFF : 0x3FFFFFFF;
  if (size > most) throw Error{"invalid memory alloc request size " + std::to_string(size)};
}

void NaiveModel::out_of_memory(const std::string& detail) {
  output_ += stats_text(-1, 100);
  throw Error{"out of memory | " + detail};
}

// --- contexts (spec 7.3 to 7.7) -------------------------------------------------------------------------------------

void NaiveModel::create(const Operation& operation) {
  NaiveContext made;
  made.kind = operation.context_kind;
  made.name = operation.text;
  switch (made.kind) {
    case ContextKind::Generation:
      generation_create(made, operation);
      break;
    case ContextKind::Slab:
      slab_create(made, operation);
      break;
    case ContextKind::Bump:
      bump_create(made, operation);
      break;
    default:
      set_create(made, operation);
  }
  made.parent = operation.parent;
  if (made.parent != -2) {
    NaiveContext& parent = contexts_.at(made.parent);
    made.crit = parent.crit;
    parent.children.insert(parent.children.begin(), operation.context);
  }
  contexts_[operation.context] = made;
}

void NaiveModel::set_parent(int context, int parent) {
  NaiveContext& moved = contexts_.at(context);
  if (moved.parent == parent) return;
  if (moved.parent != -2) {
    auto& old = contexts_.at(moved.parent).children;
    old.erase(std::find(old.begin(), old.end(), context));
  }
  moved.parent = parent;
  if (parent != -2) {
    auto& children = contexts_.at(parent).children;
    children.insert(children.begin(), context);
  }
}

void NaiveModel::run_callbacks(NaiveContext& context) {
  run_.insert(run_.end(), context.callbacks.begin(), context.callbacks.end());
  context.callbacks.clear();
}

void NaiveModel::forget_chunks(NaiveContext& context) {
  for (int chunk : context.chunks) chunks_.erase(chunk);
  context.chunks.clear();
}

void NaiveModel::reset(int context) {
  while (!contexts_.at(context).children.empty()) remove(contexts_.at(context).children.front());
  reset_only(context);
}

void NaiveModel::reset_only(int number) {
  NaiveContext& context = contexts_.at(number);
  if (context.is_reset) return;
  run_callbacks(context);
  forget_chunks(context);
  switch (context.kind) {
    case ContextKind::Generation:
      generation_reset(context);
      break;
    case ContextKind::Slab:
      slab_reset(context);
      break;
    case ContextKind::Bump:
      bump_reset(context);
      break;
    default:
      set_reset(context);
  }
  context.is_reset = true;
}

void NaiveModel::reset_children(int context) {
  const std::vector<int> children = contexts_.at(context).children;
  for (int child : children) {
    if (major_ >= 17) reset_only(child);
    reset_children(child);
    if (major_ <= 16) reset_only(child);
  }
}

void NaiveModel::remove(int number) {
  NaiveContext& context = contexts_.at(number);
  while (!context.children.empty()) remove(context.children.front());
  run_callbacks(context);
  set_parent(number, -2);
  context.ident.reset();
  forget_chunks(context);
  switch (context.kind) {
    case ContextKind::AllocSet:
      set_delete(context);
      break;
    case ContextKind::Generation:
      generation_reset(context);
      release(context.region);
      break;
    case ContextKind::Slab:
      slab_reset(context);
      release(context.region);
      break;
    default:
      bump_reset(context);
      release(context.region);
  }
  contexts_.erase(number);
}

// --- chunks (spec 7.9, 7.11) ----------------------------------------------------------------------------------------

NaiveModel::Maybe NaiveModel::alloc_plain(int number, std::uint64_t size) {
  NaiveContext& context = contexts_.at(number);
  if (major_ <= 16) check_size(size, 0);
  context.is_reset = false;
  Maybe made = alloc(context, size, 0);
  if (!made) {
    out_of_memory("Failed on request of size " + std::to_string(size) + " in memory context \"" + context.name + "\".");
  }
  made->context = number;
  return made;
}

NaiveModel::Maybe NaiveModel::alloc_extended(int number, std::uint64_t size, int flags) {
  NaiveContext& context = contexts_.at(number);
  check_size(size, flags);
  context.is_reset = false;
  Maybe made = alloc(context, size, flags);
  if (!made) {
    if ((flags & 2) != 0) return made;
    out_of_memory("Failed on request of size " + std::to_string(size) + " in memory context \"" + context.name + "\".");
  }
  made->context = number;
  return made;
}

NaiveModel::Maybe NaiveModel::alloc_aligned(int number, std::uint64_t size, std::uint64_t align, int flags) {
  if (align <= 8) return alloc_extended(number, size, flags);
  const std::uint64_t redirect = checking_ ? 16 : 8;  // sizeof(MemoryChunk)
  Maybe raw = alloc_extended(number, size + align + (redirect - 8) + (checking_ ? 1 : 0), flags);
  if (!raw) return raw;
  const std::uint64_t at = base_(raw->at.block) + raw->at.offset + redirect;
  NaiveChunk made = *raw;
  made.raw = raw->at;
  made.align = align;
  made.at.offset += redirect + ((at + align - 1) / align * align - at);
  return made;
}

NaiveModel::Maybe NaiveModel::repalloc(const NaiveChunk& chunk, std::uint64_t size, int flags) {
  NaiveContext& context = contexts_.at(chunk.context);
  if (major_ <= 16) check_size(size, flags);
  if (chunk.align != 0) {
    Maybe made = alloc_aligned(chunk.context, size, chunk.align, flags);
    pfree(chunk);
    return made;
  }
  Maybe moved = realloc(context, chunk, size, flags);
  if (!moved) {
    out_of_memory("Failed on request of size " + std::to_string(size) + " in memory context \"" + context.name + "\".");
  }
  moved->context = chunk.context;
  return moved;
}

void NaiveModel::pfree(const NaiveChunk& chunk) {
  NaiveChunk whole = chunk;
  if (chunk.align != 0) whole.at = chunk.raw;
  free(contexts_.at(chunk.context), whole);
}

NaiveModel::Maybe NaiveModel::alloc(NaiveContext& context, std::uint64_t size, int flags) {
  switch (context.kind) {
    case ContextKind::Generation:
      return generation_alloc(context, size, flags);
    case ContextKind::Slab:
      return slab_alloc(context, size);
    case ContextKind::Bump:
      return bump_alloc(context, size, flags);
    default:
      return set_alloc(context, size, flags);
  }
}

void NaiveModel::free(NaiveContext& context, const NaiveChunk& chunk) {
  switch (context.kind) {
    case ContextKind::Generation:
      generation_free(context, chunk);
      break;
    case ContextKind::Slab:
      slab_free(context, chunk);
      break;
    default:
      set_free(context, chunk);
  }
}

NaiveModel::Maybe NaiveModel::realloc(NaiveContext& context, const NaiveChunk& chunk, std::uint64_t size, int flags) {
  if (context.kind == ContextKind::AllocSet) return set_realloc(context, chunk, size, flags);
  if (context.kind == ContextKind::Slab) {
    if (size != context.chunk_size) throw Error{"slab allocator does not support realloc()"};
    return chunk;
  }
  // Generation (spec 4.5)
  if (major_ >= 16 && checking_ ? chunk.usable > size : chunk.usable >= size) return chunk;
  Maybe made = generation_alloc(context, size, flags);
  if (made) generation_free(context, chunk);
  return made;
}

// --- what the kinds share -----------------------------------------------------------------------------------------

std::uint64_t NaiveModel::limit_of(std::uint64_t start, std::uint64_t max, std::uint64_t block_bytes,
                                   std::uint64_t chunk_bytes, std::uint64_t fraction) const {
  std::uint64_t limit = start;
  while (limit + chunk_bytes > (max - block_bytes) / fraction) limit /= 2;
  return limit;
}

void NaiveModel::first_block(NaiveContext& context, const Operation& operation, std::uint64_t context_bytes,
                             std::uint64_t block_bytes, std::uint64_t chunk_bytes) {
  const std::uint64_t bytes =
      std::max(context_bytes + block_bytes + chunk_bytes, operation.min != 0 ? operation.min : operation.init);
  auto region = malloc(bytes);
  if (!region) out_of_memory("Failed while creating memory context \"" + operation.text + "\".");
  context.region = *region;
  context.init = context.next = operation.init;
  context.max = operation.max;
  NaiveBlock keeper;
  keeper.region = *region;
  keeper.header = context_bytes;
  keeper.start = keeper.free_at = context_bytes + block_bytes;
  keeper.end = bytes;
  keeper.keeper = true;
  context.blocks = {keeper};
}

void NaiveModel::free_all_but_keeper(NaiveContext& context, std::uint64_t block_bytes) {
  std::vector<NaiveBlock> kept;
  for (NaiveBlock& block : context.blocks) {
    if (block.keeper) {
      block.free_at = block.header + block_bytes;
      block.nchunks = block.nfree = 0;
      kept.push_back(block);
      continue;
    }
    context.mem -= block.end - block.header;
    release(block.region);
  }
  context.blocks = kept;
  context.next = context.init;
}

}  // namespace palloscope::test
