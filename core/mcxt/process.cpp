#include "core/mcxt/process.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/allocators/chunk_header.h"
#include "core/mcxt/chunk_methods.h"
#include "core/mcxt/context_stats.h"
#include "core/mcxt/context_tree.h"
#include "core/mcxt/fault_watch.h"
#include "core/mcxt/process_core.h"

namespace palloscope::core {

struct Process::Impl {
  Impl(const VersionProfile& profile, EventSink& sink, const ProcessOptions& options)
      : watch(options.watch_faults ? std::make_unique<FaultWatch>(profile, sink) : nullptr),
        core(profile, watch ? *watch : sink),
        tree(core),
        chunks(core) {
    if (watch) watch->look_at(core.space);
  }
  std::unique_ptr<FaultWatch> watch;  // null: nobody watches
  ProcessCore core;
  ContextTree tree;
  ChunkMethods chunks;

  Address variable(Address at) const { return core.load_pointer(at); }
  bool critical() const { return core.crit_section_count != 0; }

  void watch_alloc(Address context, std::uint64_t bytes, int flags) {
    if (watch) watch->alloc(context, bytes, flags, critical());
  }
  void watch_create(Address parent) {
    if (watch) watch->create(parent, critical());
  }
  void watch_context(Address context) {
    if (watch) watch->use_context(context);
  }
  void watch_ended() {
    if (watch) watch->ended();
  }
  Address alloc(Address context, std::uint64_t bytes) {
    watch_alloc(context, bytes, 0);
    return chunks.alloc(context, bytes, 0);
  }
  Address realloc(Address pointer, std::uint64_t bytes, int flags) {
    if (!watch) return chunks.realloc(pointer, bytes, flags);
    watch->realloc(pointer, bytes, flags, critical());
    Address at = chunks.realloc(pointer, bytes, flags);
    watch->handed_out(at, bytes);
    return at;
  }
};

namespace {

// What a checking build asserts of the sizes (spec 3.1); a production build would go on into undefined behaviour.
void check_sizes(const AllocSetSizes& sizes) {
  auto fits = [](std::uint64_t bytes) { return bytes >= 1024 && bytes % 8 == 0 && bytes <= kMaxAllocSize; };
  bool init = fits(sizes.init_block_bytes);
  bool max = fits(sizes.max_block_bytes) && sizes.max_block_bytes >= sizes.init_block_bytes;
  bool min = sizes.min_context_bytes == 0 ||
             (fits(sizes.min_context_bytes) && sizes.min_context_bytes <= sizes.max_block_bytes);
  if (!init || !max || !min) {
    throw Crash{"SIGABRT",
                "context sizes break PostgreSQL's assertions: each is at least 1024, a multiple of 8 and below 1 GB, "
                "and minimum and initial size are not above the maximum",
                {}};
  }
}

ContextParameters parameters_of(const AllocSetSizes& sizes) {
  return {sizes.min_context_bytes, sizes.init_block_bytes, sizes.max_block_bytes};
}

}  // namespace

Process::Process(const VersionProfile& profile, EventSink& sink, const ProcessOptions& options)
    : impl_(std::make_unique<Impl>(profile, sink, options)) {
  ProcessCore& core = impl_->core;
  const GlobalVariables& variables = core.image.variables();
  Address top = alloc_set_context_create({}, "TopMemoryContext");
  core.store_pointer(variables.current_memory_context, top);
  core.emit(ContextSwitched{core.slot_of(top)});
  Address error = alloc_set_context_create(top, "ErrorContext", {8192, 8192, 8192});
  core.store_pointer(variables.error_context, error);
  memory_context_allow_in_critical_section(error, true);
}

Process::~Process() = default;

const VersionProfile& Process::profile() const { return impl_->core.profile; }

Address Process::top_memory_context() const {
  return impl_->variable(impl_->core.image.variables().top_memory_context);
}
Address Process::error_context() const { return impl_->variable(impl_->core.image.variables().error_context); }
Address Process::current_memory_context() const {
  return impl_->variable(impl_->core.image.variables().current_memory_context);
}

// --- creation -------------------------------------------------------------------------------------------------

Address Process::alloc_set_context_create(Address parent, std::string_view name, AllocSetSizes sizes) {
  check_sizes(sizes);
  impl_->watch_create(parent);
  return impl_->core.allocator(ContextKind::AllocSet).create(parent, name, parameters_of(sizes));
}

Address Process::generation_context_create(Address parent, std::string_view name, AllocSetSizes sizes) {
  check_sizes(sizes);
  impl_->watch_create(parent);
  return impl_->core.allocator(ContextKind::Generation).create(parent, name, parameters_of(sizes));
}

Address Process::slab_context_create(Address parent, std::string_view name, std::uint64_t block_bytes,
                                     std::uint64_t chunk_bytes) {
  if (block_bytes > kMaxAllocSize || chunk_bytes > kMaxAllocHugeSize / 2)
    throw Crash{"SIGABRT", "a slab's block is at most 1 GB: PostgreSQL's assertion breaks", {}};
  impl_->watch_create(parent);
  return impl_->core.allocator(ContextKind::Slab).create(parent, name, {chunk_bytes, block_bytes, 0});
}

Address Process::bump_context_create(Address parent, std::string_view name, AllocSetSizes sizes) {
  if (!profile().rules.has_bump) {
    throw Ereport{"XX000", "PostgreSQL " + std::to_string(profile().major) + " has no BumpContextCreate", "", {}};
  }
  check_sizes(sizes);
  impl_->watch_create(parent);
  return impl_->core.allocator(ContextKind::Bump).create(parent, name, parameters_of(sizes));
}

Address Process::memory_context_switch_to(Address context) {
  impl_->watch_context(context);
  ProcessCore& core = impl_->core;
  Address variable = core.image.variables().current_memory_context;
  Address old = core.load_pointer(variable);
  core.store_pointer(variable, context);
  core.emit(ContextSwitched{core.slot_of(context)});
  return old;
}

// --- palloc and company ---------------------------------------------------------------------------------------

Address Process::memory_context_alloc(Address context, std::uint64_t bytes) { return impl_->alloc(context, bytes); }
Address Process::memory_context_alloc_zero(Address context, std::uint64_t bytes) {
  Address at = impl_->alloc(context, bytes);
  impl_->core.fill(at, 0, bytes);
  return at;
}
Address Process::memory_context_alloc_extended(Address context, std::uint64_t bytes, int flags) {
  impl_->watch_alloc(context, bytes, flags);
  return impl_->chunks.alloc_extended(context, bytes, flags, ChunkCause::Palloc);
}
Address Process::memory_context_alloc_aligned(Address context, std::uint64_t bytes, std::uint64_t align_to, int flags) {
  impl_->watch_alloc(context, bytes, flags);
  Address at = impl_->chunks.alloc_aligned(context, bytes, align_to, flags, ChunkCause::Palloc);
  if (impl_->watch) impl_->watch->handed_out(at, bytes);
  return at;
}
Address Process::palloc(std::uint64_t bytes) { return memory_context_alloc(current_memory_context(), bytes); }
Address Process::palloc0(std::uint64_t bytes) { return memory_context_alloc_zero(current_memory_context(), bytes); }
Address Process::palloc_extended(std::uint64_t bytes, int flags) {
  return memory_context_alloc_extended(current_memory_context(), bytes, flags);
}
Address Process::repalloc(Address pointer, std::uint64_t bytes) { return impl_->realloc(pointer, bytes, 0); }
Address Process::repalloc_huge(Address pointer, std::uint64_t bytes) {
  return impl_->realloc(pointer, bytes, kMcxtAllocHuge);
}
Address Process::repalloc_extended(Address pointer, std::uint64_t bytes, int flags) {
  return impl_->realloc(pointer, bytes, flags);
}
Address Process::repalloc0(Address pointer, std::uint64_t old_bytes, std::uint64_t bytes) {
  if (old_bytes > bytes) {
    throw Ereport{
        "XX000",
        "invalid repalloc0 call: oldsize " + std::to_string(old_bytes) + ", new size " + std::to_string(bytes),
        "",
        {}};
  }
  Address moved = impl_->realloc(pointer, bytes, 0);
  impl_->core.fill(moved + old_bytes, 0, bytes - old_bytes);
  return moved;
}
Address Process::memory_context_strdup(Address context, std::string_view text) {
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.push_back(0);
  Address at = memory_context_alloc(context, bytes.size());
  write(at, bytes);
  return at;
}
Address Process::pstrdup(std::string_view text) { return memory_context_strdup(current_memory_context(), text); }
void Process::pfree(Address pointer) {
  if (impl_->watch) impl_->watch->free(pointer);
  impl_->chunks.free(pointer, ChunkCause::Pfree);
}
Address Process::get_memory_chunk_context(Address pointer) const {
  if (impl_->watch) impl_->watch->ask_about(pointer);
  return impl_->chunks.context_of(pointer);
}
std::uint64_t Process::get_memory_chunk_space(Address pointer) const {
  if (impl_->watch) impl_->watch->ask_about(pointer);
  return impl_->chunks.space_of(pointer);
}

// --- the tree -------------------------------------------------------------------------------------------------

void Process::observe_context_calls(ContextCallObserver* observer) { impl_->core.context_calls = observer; }

void Process::memory_context_reset(Address context) {
  impl_->watch_context(context);
  impl_->tree.reset(context);
  impl_->watch_ended();
}
void Process::memory_context_reset_only(Address context) {
  impl_->watch_context(context);
  impl_->tree.reset_only(context);
  impl_->watch_ended();
}
void Process::memory_context_reset_children(Address context) {
  impl_->watch_context(context);
  impl_->tree.reset_children(context);
  impl_->watch_ended();
}
void Process::memory_context_delete(Address context) {
  impl_->watch_context(context);
  impl_->tree.remove(context);
  impl_->watch_ended();
}
void Process::memory_context_delete_children(Address context) {
  impl_->watch_context(context);
  impl_->tree.remove_children(context);
  impl_->watch_ended();
}
void Process::memory_context_set_parent(Address context, Address parent) {
  impl_->watch_context(context);
  impl_->watch_context(parent);
  impl_->tree.set_parent(context, parent);
}

void Process::memory_context_set_identifier(Address context, std::optional<std::string_view> ident) {
  memory_context_set_identifier(context, ident ? impl_->core.image.string_constant(*ident) : Address{});
}
void Process::memory_context_set_identifier(Address context, Address ident) {
  ProcessCore& core = impl_->core;
  core.store_pointer(context, core.profile.context.ident, ident);
  ContextIdentSet event{core.slot_of(context), std::nullopt};
  if (ident) event.ident = core.load_string(ident);
  core.emit(event);
}

void Process::memory_context_allow_in_critical_section(Address context, bool allow) {
  ProcessCore& core = impl_->core;
  core.store(context, core.profile.context.allow_in_crit_section, allow ? 1 : 0);
  core.emit(CritSectionAllowed{core.slot_of(context), allow});
}
void Process::start_crit_section() { ++impl_->core.crit_section_count; }
void Process::end_crit_section() {
  if (impl_->critical()) --impl_->core.crit_section_count;
}
std::uint32_t Process::crit_section_count() const { return impl_->core.crit_section_count; }

void Process::memory_context_register_reset_callback(Address context, std::uint32_t number, std::function<void()> run) {
  impl_->tree.register_callback(context, number, std::move(run));
}

void Process::memory_context_check(Address context) {
  impl_->watch_context(context);
  impl_->tree.check(context);
}

std::uint64_t Process::memory_context_mem_allocated(Address context, bool recurse) const {
  return impl_->tree.mem_allocated(context, recurse);
}

ContextCounters Process::memory_context_counters(Address context) const {
  return impl_->core.allocator_of(context).counters(context);
}
std::string Process::memory_context_stats(Address context, int max_children) const {
  return context_stats_text(impl_->core, context, max_children);
}
std::string Process::memory_context_stats_line(Address context) const {
  return context_stats_line(impl_->core, context);
}
bool Process::memory_context_is_empty(Address context) const {
  const ProcessCore& core = impl_->core;
  return !core.load_pointer(context, core.profile.context.first_child) && is_empty_method(context);
}
bool Process::is_empty_method(Address context) const { return impl_->core.allocator_of(context).is_empty(context); }

// --- looking from outside -------------------------------------------------------------------------------------

const GlobalVariables& Process::global_variables() const { return impl_->core.image.variables(); }
Tallies Process::tallies(Address context) const {
  ContextSlot slot = impl_->core.slot_of(context);
  return slot ? impl_->core.tallies_of(slot) : Tallies{};
}
std::uint64_t Process::requested_bytes(Address pointer) const { return impl_->core.requested_bytes(pointer); }
std::optional<std::uint64_t> Process::malloc_bytes(Address region) const {
  return impl_->core.mallocs.bytes_of(region);
}
const Names& Process::names() const { return impl_->core.names; }

// --- C's own --------------------------------------------------------------------------------------------------

Address Process::malloc(std::uint64_t bytes) {
  if (impl_->watch) impl_->watch->other();
  return impl_->core.malloc(bytes);
}

Address Process::realloc(Address pointer, std::uint64_t bytes) {
  if (!pointer) return malloc(bytes);
  Address moved = impl_->core.start_realloc(pointer, bytes, 0);
  if (moved) impl_->core.announce_realloc(moved);
  return moved;
}

void Process::free(Address pointer) { impl_->core.free(pointer); }

void Process::fail_mallocs_from(std::uint64_t bytes) { impl_->core.mallocs.fail_from(bytes); }

void Process::write(Address at, std::span<const std::uint8_t> bytes) {
  if (impl_->watch) impl_->watch->access(FaultWatch::Access::Write, at, bytes.size());
  poke(at, bytes);
}

void Process::poke(Address at, std::span<const std::uint8_t> bytes) {
  if (!impl_->core.space.write(at, bytes)) {
    throw Crash{"SIGSEGV", "the process wrote memory that is not mapped", at};
  }
  impl_->core.emit(MemoryWritten{at, {bytes.begin(), bytes.end()}});
}

void Process::store_pointer(Address at, PointerOrigin pointer) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(pointer.at.value >> (8 * i));
  write(at, bytes);
  if (impl_->watch) impl_->watch->note_stored(at, pointer.at, pointer.born);
}

AddressSpace& Process::address_space() { return impl_->core.space; }
bool Process::read(Address at, std::span<std::uint8_t> into) const { return impl_->core.space.read(at, into); }

bool Process::read_as_program(Address at, std::span<std::uint8_t> into) {
  if (impl_->watch) impl_->watch->access(FaultWatch::Access::Read, at, into.size());
  return read(at, into);
}

void Process::pointer_from(Address pointer, EventNumber born) {
  if (impl_->watch) impl_->watch->pointer_from(pointer, born);
}
EventNumber Process::born_at(Address pointer) const { return impl_->watch ? impl_->watch->born_at(pointer) : 0; }
FaultWatch* Process::watch() const { return impl_->watch.get(); }

void Process::announce(const EventBody& event) { impl_->core.emit(event); }

void Process::report(Severity severity, Address context, const Ereport& error) {
  ErrorReported event;
  event.severity = severity;
  event.context = impl_->core.slot_of(context ? context : error.context);
  event.sqlstate = error.sqlstate;
  event.message = error.message;
  event.detail = error.detail;
  impl_->core.emit(event);
}

}  // namespace palloscope::core
