#include "tests/trace/golden/process_runner.h"

#include "core/walk/heap_walker.h"
#include "core/walk/process_source.h"

namespace palloscope::test {

using core::Address;
using core::ContextKind;

ProcessRunner::ProcessRunner(const core::VersionProfile& profile)
    : profile_(profile), recorder_(this), process_(profile, recorder_) {
  recorder_.start(process_);
}

void ProcessRunner::event(const core::EventBody& event, const core::Process*) {
  auto called = [&](MallocCall::Kind kind, std::int64_t region, std::uint64_t bytes) {
    if (outcome_) outcome_->calls.push_back({kind, region, bytes});
  };
  if (const auto* made = std::get_if<core::Malloc>(&event)) {
    const std::int64_t region = next_region_++;
    regions_[made->block] = {region, made->at};
    by_address_[made->at] = region;
    bases_[region] = made->at;
    called(MallocCall::Malloc, region, made->bytes);
  } else if (const auto* moved = std::get_if<core::Realloc>(&event)) {
    auto& [region, at] = regions_[moved->block];
    by_address_.erase(at);
    at = bases_[region] = moved->at;
    by_address_[at] = region;
    called(MallocCall::Realloc, region, moved->bytes);
  } else if (const auto* gone = std::get_if<core::Free>(&event)) {
    auto [region, at] = regions_[gone->block];
    by_address_.erase(at);
    bases_.erase(region);
    regions_.erase(gone->block);
    called(MallocCall::Free, region, 0);
  } else if (const auto* no_malloc = std::get_if<core::MallocFailed>(&event)) {
    called(MallocCall::MallocFailed, -1, no_malloc->bytes);
  } else if (const auto* no_realloc = std::get_if<core::ReallocFailed>(&event)) {
    called(MallocCall::ReallocFailed, -1, no_realloc->bytes);
  } else if (const auto* line = std::get_if<core::Output>(&event)) {
    if (outcome_) outcome_->output += line->text + "\n";
  }
}

std::uint64_t ProcessRunner::base(std::int64_t region) const {
  auto found = bases_.find(region);
  return found == bases_.end() ? 0 : found->second.value;
}

Outcome ProcessRunner::apply(const Operation& operation) {
  Outcome outcome;
  outcome_ = &outcome;
  recorder_.begin_operation();
  try {
    carry_out(operation, outcome);
  } catch (const core::Ereport& error) {
    outcome.error = error.detail.empty() ? error.message : error.message + " | " + error.detail;
  } catch (const core::Crash& crash) {
    outcome.error = crash.signal + ": " + crash.message;
  }
  for (const std::string& warning : recorder_.warnings()) outcome.output += "WARNING: " + warning + "\n";
  outcome_ = nullptr;
  return outcome;
}

Address ProcessRunner::create(const Operation& operation) {
  const Address parent = context(operation.parent);
  const core::AllocSetSizes sizes{operation.min, operation.init, operation.max};
  switch (operation.context_kind) {
    case ContextKind::Generation:
      return process_.generation_context_create(parent, operation.text, sizes);
    case ContextKind::Slab:
      return process_.slab_context_create(parent, operation.text, operation.init, operation.min);
    case ContextKind::Bump:
      return process_.bump_context_create(parent, operation.text, sizes);
    default:
      return process_.alloc_set_context_create(parent, operation.text, sizes);
  }
}

void ProcessRunner::carry_out(const Operation& operation, Outcome& outcome) {
  auto at = [&] { return context(operation.context); };
  switch (operation.kind) {
    case OperationKind::Create:
      contexts_[operation.context] = create(operation);
      kinds_[operation.context] = operation.context_kind;
      break;
    case OperationKind::Alloc:
    case OperationKind::AllocAligned: {
      Address chunk =
          operation.kind == OperationKind::AllocAligned
              ? process_.memory_context_alloc_aligned(at(), operation.size, operation.align, operation.flags)
          : operation.flags == 0 ? process_.memory_context_alloc(at(), operation.size)
                                 : process_.memory_context_alloc_extended(at(), operation.size, operation.flags);
      if (chunk) {
        chunks_[operation.chunk] = chunk;
        owners_[operation.chunk] = operation.context;
      }
      answer_chunk(chunk, kinds_.at(operation.context), outcome);
      break;
    }
    case OperationKind::Free:
      process_.pfree(chunk(operation.chunk));
      chunks_.erase(operation.chunk);
      break;
    case OperationKind::Realloc: {
      Address& chunk = chunks_.at(operation.chunk);
      chunk = operation.flags != 0 ? process_.repalloc_huge(chunk, operation.size)
                                   : process_.repalloc(chunk, operation.size);
      answer_chunk(chunk, kinds_.at(owners_.at(operation.chunk)), outcome);
      break;
    }
    case OperationKind::Reset:
      process_.memory_context_reset(at());
      break;
    case OperationKind::ResetOnly:
      process_.memory_context_reset_only(at());
      break;
    case OperationKind::ResetChildren:
      process_.memory_context_reset_children(at());
      break;
    case OperationKind::Delete:
      process_.memory_context_delete(at());
      break;
    case OperationKind::DeleteChildren:
      process_.memory_context_delete_children(at());
      break;
    case OperationKind::SetParent:
      process_.memory_context_set_parent(at(), context(operation.parent));
      break;
    case OperationKind::SetIdent:
      process_.memory_context_set_identifier(
          at(), operation.on ? std::optional<std::string_view>(operation.text) : std::nullopt);
      break;
    case OperationKind::AllowInCrit:
      process_.memory_context_allow_in_critical_section(at(), operation.on);
      break;
    case OperationKind::RegisterCallback:
      process_.memory_context_register_reset_callback(at(), operation.callback, [this, n = operation.callback] {
        if (outcome_) outcome_->callbacks.push_back(n);
      });
      break;
    case OperationKind::MallocFail:
      process_.fail_mallocs_from(operation.size);
      break;
  }
}

void ProcessRunner::answer_chunk(Address at, ContextKind kind, Outcome& outcome) const {
  if (!at) {
    outcome.returned_null = true;
    return;
  }
  // A payload never is a region's first byte, but an empty one may be its end and so the next region's first.
  auto region = std::prev(by_address_.lower_bound(at));
  outcome.at = Place{region->second, at - region->first};
  if (kind != ContextKind::Bump) outcome.space = process_.get_memory_chunk_space(at);
  auto word_before = [&](std::uint64_t distance) {
    std::uint8_t bytes[8] = {};
    process_.read(at - distance, bytes);
    std::uint64_t word = 0;
    for (int i = 7; i >= 0; --i) word = word << 8 | bytes[i];
    return word;
  };
  if (profile_.major >= 16) {
    if (kind != ContextKind::Bump || profile_.checking) outcome.word = word_before(8);
  } else if (kind != ContextKind::Slab) {
    outcome.word = word_before((kind == ContextKind::AllocSet ? 16u : 24u) + (profile_.checking ? 8u : 0u));
  }
}

core::WalkedHeap ProcessRunner::walk() const {
  return core::walk_heap(core::ProcessSource(process_), profile_, core::walk_roots(process_));
}

nlohmann::json ProcessRunner::dump(const core::WalkedHeap& heap, int number) const {
  nlohmann::json r =
      trace::golden_layout(heap.contexts[trace::find_walked(heap, context(number))], profile_.major, recorder_);
  r["text"] = process_.memory_context_stats_line(context(number));
  return r;
}

}  // namespace palloscope::test
