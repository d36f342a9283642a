#include "trace/compare/process_contender.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/mcxt/errors.h"

namespace palloscope::trace {
namespace {

using core::Address;
using core::ContextKind;

int major_of(const ContenderSpec& spec, const ContenderSetting& setting) {
  return spec.pg_major != 0 ? spec.pg_major : setting.recorded.pg_major;
}
bool checking_of(const ContenderSpec& spec, const ContenderSetting& setting) {
  return spec.checking || setting.recorded.checking;
}
const core::VersionProfile* profile_of(const ContenderSpec& spec, const ContenderSetting& setting) {
  return core::find_profile(major_of(spec, setting), checking_of(spec, setting));
}

core::StreamDescription describe(const ContenderSpec& spec, const ContenderSetting& setting) {
  core::StreamDescription description = setting.recorded;
  description.pg_major = major_of(spec, setting);
  description.checking = checking_of(spec, setting);
  description.title = to_string(spec);
  return description;
}

bool is_chosen(const ContenderSpec& spec, const SurveyedContext& context) {
  return !context.fixed && (spec.context.empty() || spec.context == context.name);
}

core::Error refusal(std::string message) { return {core::ErrorCode::Unsupported, std::move(message)}; }

core::Status check_bump(const ContenderSpec& spec, const StreamSurvey& survey) {
  if (spec.ignore_pfree) return core::Done{};
  const SurveyedContext* first = nullptr;
  core::EventNumber first_at = 0;
  for (const SurveyedContext& context : survey.contexts()) {
    if (!is_chosen(spec, context)) continue;
    for (const core::EventNumber at : {context.first_pfree, context.first_repalloc})
      if (at != 0 && (first == nullptr || at < first_at)) {
        first = &context;
        first_at = at;
      }
  }
  if (first == nullptr) return core::Done{};
  return refusal(
      fmt::format("event {} {} a chunk of \"{}\", and a Bump context cannot; choose other contexts, or add "
                  "+nofree",
                  first_at, first_at == first->first_pfree ? "frees" : "reallocates", first->name));
}

core::Status check_slab(const ContenderSpec& spec, const StreamSurvey& survey) {
  const SurveyedContext* first = nullptr;
  bool any_fits = false;
  for (const SurveyedContext& context : survey.contexts()) {
    if (!is_chosen(spec, context)) continue;
    if (context.largest_request <= spec.chunk_bytes)
      any_fits |= context.requests != 0;
    else if (first == nullptr || context.largest_at < first->largest_at)
      first = &context;
  }
  if (first == nullptr || (any_fits && spec.context.empty())) return core::Done{};
  return refusal(fmt::format("event {} asks for {} bytes in \"{}\", and the slab's chunks have {}", first->largest_at,
                             first->largest_request, first->name, spec.chunk_bytes));
}

}  // namespace

core::Status ProcessContender::check(const ContenderSpec& spec, const ContenderSetting& setting) {
  const int major = major_of(spec, setting);
  if (profile_of(spec, setting) == nullptr)
    return refusal(fmt::format("PostgreSQL {}{} cannot be simulated", major,
                               checking_of(spec, setting) ? " as a checking build" : ""));
  const auto& contexts = setting.survey->contexts();
  if (!spec.context.empty() && std::none_of(contexts.begin(), contexts.end(),
                                            [&](const SurveyedContext& context) { return is_chosen(spec, context); }))
    return refusal(fmt::format("no context named \"{}\" is created whose kind could be chosen", spec.context));
  if (spec.kind == ContenderKind::Bump) {
    if (major < 17) return refusal(fmt::format("PostgreSQL {} has no Bump contexts; 17 was the first", major));
    return check_bump(spec, *setting.survey);
  }
  if (spec.kind == ContenderKind::Slab) return check_slab(spec, *setting.survey);
  return core::Done{};
}

ProcessContender::ProcessContender(const ContenderSpec& chosen, const ContenderSetting& setting)
    : Contender(chosen, describe(chosen, setting), {profile_of(chosen, setting), false}),
      profile_(*measure().profile),
      survey_(*setting.survey) {
  std::size_t candidates = 0, changed = 0;
  bool bump_becomes_generation = false;
  for (const SurveyedContext& context : survey_.contexts()) {
    bump_becomes_generation |= context.kind == ContextKind::Bump && !profile_.rules.has_bump;
    if (!is_chosen(spec(), context)) continue;
    ++candidates;
    changed += context.largest_request <= spec().chunk_bytes ? 1 : 0;
  }
  if (spec().kind == ContenderKind::Slab) note_ = fmt::format("Slab in {} of {} contexts", changed, candidates);
  if (spec().ignore_pfree) note_ = "pfree is ignored, repalloc takes new memory";
  if (spec().kind == ContenderKind::Recorded && bump_becomes_generation)
    note_ = fmt::format("PostgreSQL {} has no Bump: Generation instead", profile_.major);
}

ProcessContender::Plan ProcessContender::plan_of(const ProgramCall& call) const {
  const core::ContextCreated& made = *call.created;
  const core::AllocSetSizes recorded =
      made.kind == ContextKind::Slab
          ? core::kDefaultSizes
          : core::AllocSetSizes{made.min_context_bytes, made.init_block_bytes, made.max_block_bytes};
  Plan plan{.kind = made.kind, .sizes = recorded};
  plan.slab_chunk_bytes = made.min_context_bytes;
  plan.slab_block_bytes = made.init_block_bytes;
  const SurveyedContext& context = survey_.contexts()[call.ordinal];
  if (is_chosen(spec(), context)) {
    plan.sizes = spec().sizes.value_or(recorded);
    switch (spec().kind) {
      case ContenderKind::AllocSet:
        plan.kind = ContextKind::AllocSet;
        break;
      case ContenderKind::Generation:
        plan.kind = ContextKind::Generation;
        break;
      case ContenderKind::Bump:
        plan.kind = ContextKind::Bump;
        plan.ignores_pfree = spec().ignore_pfree;
        break;
      case ContenderKind::Slab:
        if (context.largest_request > spec().chunk_bytes) break;
        plan.kind = ContextKind::Slab;
        plan.slab_chunk_bytes = spec().chunk_bytes;
        plan.slab_block_bytes = spec().block_bytes;
        plan.fixed_size = true;
        break;
      default:
        break;
    }
  }
  if (plan.kind == ContextKind::Bump && !profile_.rules.has_bump) plan.kind = ContextKind::Generation;
  return plan;
}

void ProcessContender::set(core::ContextSlot slot, Context context) {
  if (slot.value >= contexts_.size()) contexts_.resize(std::size_t{slot.value} + 1);
  contexts_[slot.value] = std::move(context);
}

void ProcessContender::set_chunk(core::ChunkSlot slot, const Chunk& chunk) {
  if (slot.value >= chunks_.size()) chunks_.resize(std::size_t{slot.value} + 1);
  chunks_[slot.value] = chunk;
}

// PostgreSQL's own slabs have blocks of up to 8 MB. 15 keeps a list head for each chunk of a block.
constexpr std::uint64_t kMostSlabBlockBytes = 64 << 20;

void ProcessContender::create(const ProgramCall& call) {
  const std::string& name = call.created->name;
  Context context{{}, plan_of(call), name};
  const Plan& plan = context.plan;
  const Address below = parent(call.other);
  switch (plan.kind) {
    case ContextKind::Generation:
      context.at = process_->generation_context_create(below, name, plan.sizes);
      break;
    case ContextKind::Slab:
      if (plan.slab_block_bytes > kMostSlabBlockBytes)
        throw Refused{fmt::format("creates a slab with blocks of {} bytes", plan.slab_block_bytes)};
      context.at = process_->slab_context_create(below, name, plan.slab_block_bytes, plan.slab_chunk_bytes);
      break;
    case ContextKind::Bump:
      context.at = process_->bump_context_create(below, name, plan.sizes);
      break;
    default:
      context.at = process_->alloc_set_context_create(below, name, plan.sizes);
  }
  set(call.context, std::move(context));
}

ProcessContender::Chunk ProcessContender::allocate(const Context& context, const ProgramCall& call, int extra_flags) {
  std::uint64_t bytes = call.bytes;
  if (context.plan.fixed_size) {
    if (bytes > context.plan.slab_chunk_bytes)
      throw Refused{fmt::format("asks for {} bytes in \"{}\", and the slab's chunks have {}", bytes, context.name,
                                context.plan.slab_chunk_bytes)};
    true_request_ = std::exchange(bytes, context.plan.slab_chunk_bytes);
  }
  const int flags = extra_flags | (bytes > core::kMaxAllocSize ? core::kMcxtAllocHuge : 0);
  const Address at = flags != 0 ? process_->memory_context_alloc_extended(context.at, bytes, flags)
                                : process_->memory_context_alloc(context.at, bytes);
  true_request_.reset();
  return {at, last_allocated_};
}

// The recording got nothing for this call; what is got here is given back at once.
void ProcessContender::palloc_in_vain(const ProgramCall& call) {
  const Context& context = contexts_[call.context.value];
  try {
    const Chunk chunk = call.malloc_fails_from != 0
                            ? allocate(context, call, core::kMcxtAllocNoOom)
                            : Chunk{process_->memory_context_alloc(context.at, call.bytes), last_allocated_};
    if (chunk.at) release(context, chunk);
  } catch (const core::Ereport&) {
    // as recorded
  }
}

void ProcessContender::release(const Context& context, const Chunk& chunk) {
  if (context.plan.kind != ContextKind::Bump) return process_->pfree(chunk.at);
  if (!context.plan.ignores_pfree)
    throw Refused{fmt::format("frees a chunk of \"{}\", and a Bump context cannot", context.name)};
  // Dead, but never used again: as Generation counts its freed chunks.
  process_->announce(core::ChunkFreed{chunk.slot, core::ChunkFate::Counted, core::ChunkCause::Pfree});
}

void ProcessContender::repalloc(const ProgramCall& call) {
  const Context& context = contexts_[call.context.value];
  const Chunk old = chunks_[call.old_chunk.value];
  if (call.as_new || context.plan.kind == ContextKind::Bump) {
    if (!call.as_new && !context.plan.ignores_pfree)
      throw Refused{fmt::format("reallocates a chunk of \"{}\", and a Bump context cannot", context.name)};
    const Chunk made = allocate(context, call);
    release(context, old);
    return set_chunk(call.chunk, made);
  }
  if (context.plan.fixed_size) {
    if (call.bytes > context.plan.slab_chunk_bytes)
      throw Refused{fmt::format("asks for {} bytes in \"{}\", and the slab's chunks have {}", call.bytes, context.name,
                                context.plan.slab_chunk_bytes)};
    const std::uint64_t room = profile_.slab.chunk_bytes;
    process_->announce(core::ChunkResized{old.slot, call.bytes, process_->get_memory_chunk_space(old.at) - room});
    return set_chunk(call.chunk, old);
  }
  const Address at = call.bytes > core::kMaxAllocSize ? process_->repalloc_huge(old.at, call.bytes)
                                                      : process_->repalloc(old.at, call.bytes);
  set_chunk(call.chunk, {at, process_->names().chunk(at)});
}

void ProcessContender::carry_out(const ProgramCall& call) {
  if (!process_ && call.kind != CallKind::StartProcess) {  // a recording without a start: it has one all the same
    process_ = std::make_unique<core::Process>(profile_, sink());
  }
  if (process_ && call.malloc_fails_from != 0) process_->fail_mallocs_from(call.malloc_fails_from);
  switch (call.kind) {
    case CallKind::StartProcess:
      process_ = std::make_unique<core::Process>(profile_, sink());
      set(call.context, {process_->top_memory_context(), {}, call.created->name});
      break;
    case CallKind::StartErrorContext:
      set(call.context, {process_->error_context(), {}, "ErrorContext"});
      break;
    case CallKind::CreateContext:
      create(call);
      break;
    case CallKind::DeleteContext:
      process_->memory_context_delete(contexts_[call.context.value].at);
      break;
    case CallKind::ResetContext:
      process_->memory_context_reset_only(contexts_[call.context.value].at);
      break;
    case CallKind::SetParent:
      process_->memory_context_set_parent(contexts_[call.context.value].at, parent(call.other));
      break;
    case CallKind::SetIdentifier:
      process_->memory_context_set_identifier(
          contexts_[call.context.value].at, *call.ident ? std::optional<std::string_view>(**call.ident) : std::nullopt);
      break;
    case CallKind::SwitchTo:
      process_->memory_context_switch_to(contexts_[call.context.value].at);
      break;
    case CallKind::AllowInCriticalSection:
      process_->memory_context_allow_in_critical_section(contexts_[call.context.value].at, call.allowed);
      break;
    case CallKind::RegisterCallback:
      process_->memory_context_register_reset_callback(contexts_[call.context.value].at, call.callback, [] {});
      break;
    case CallKind::Palloc:
      set_chunk(call.chunk, allocate(contexts_[call.context.value], call));
      break;
    case CallKind::FailedPalloc:
      palloc_in_vain(call);
      break;
    case CallKind::Repalloc:
      repalloc(call);
      break;
    case CallKind::Pfree:
      release(contexts_[call.context.value], chunks_[call.chunk.value]);
      break;
    case CallKind::Malloc:
      if (call.region.value >= regions_.size()) regions_.resize(std::size_t{call.region.value} + 1);
      regions_[call.region.value] = process_->malloc(call.bytes);
      if (!regions_[call.region.value]) throw Refused{fmt::format("finds no memory for {} bytes", call.bytes)};
      break;
    case CallKind::Realloc: {
      const Address moved = process_->realloc(regions_[call.region.value], call.bytes);
      if (!moved) throw Refused{fmt::format("finds no memory for {} bytes", call.bytes)};
      regions_[call.region.value] = moved;
      break;
    }
    case CallKind::Free:
      process_->free(regions_[call.region.value]);
      break;
  }
  if (call.malloc_fails_from != 0) process_->fail_mallocs_from(0);
}

}  // namespace palloscope::trace
