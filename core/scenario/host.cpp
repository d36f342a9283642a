#include "core/scenario/host.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "core/scenario/lua.h"
#include "core/scenario/values.h"

namespace palloscope::core {
namespace {

constexpr int kHookPeriod = 1000;                   // instructions between two looks at the budget
constexpr std::uint64_t kInstructionsPerCall = 20;  // what a call of ours counts for

std::string thousands(std::uint64_t n) {
  std::string digits = std::to_string(n), text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace

Host::Host(std::string chunk_name, std::string_view text, const ScenarioBudget& budget, EventSink& out)
    : chunk_name_(std::move(chunk_name)),
      budget_(budget),
      out_(out),
      sandbox_(budget.script_bytes, this),
      event_limit_(budget.events),
      instruction_limit_(budget.instructions),
      text_limit_(budget.text_bytes),
      uses_(text) {
  // Made beforehand, so that keeping a callback's error later needs no memory.
  lua_pushboolean(sandbox_.state(), 1);
  callback_error_ = luaL_ref(sandbox_.state(), LUA_REGISTRYINDEX);
}

// The process goes first: its callbacks name functions of the Lua state.
Host::~Host() {
  shmem_.reset();
  server_.reset();
  process_.reset();
}

void Host::start_process(const VersionProfile& profile, ContextCallObserver* calls) {
  process_ = std::make_unique<Process>(profile, *this, ProcessOptions{.watch_faults = true});
  process_->observe_context_calls(calls);
  process_->fail_mallocs_from(budget_.heap_bytes);
  server_ = std::make_unique<ServerWorld>(*process_, *this);
  operations_ = std::make_unique<OperationsWorld>(*process_);
  shmem_ = std::make_unique<ShmemWorld>(*process_, *server_, *this);
}

void Host::fail_mallocs_from(std::uint64_t bytes) {
  process_->fail_mallocs_from(bytes == 0 ? budget_.heap_bytes : std::min(bytes, budget_.heap_bytes));
}

// --- events ---------------------------------------------------------------------------------------------------

void Host::emit(const EventBody& event) {
  if (spot_.line != 0 && !(spot_ == last_spot_)) {
    last_spot_ = spot_;
    ++events_;
    out_.emit(SourceLine{spot_.file, spot_.line});
  }
  ++events_;
  const auto* deleted = std::get_if<ContextDeleted>(&event);
  const Address gone = deleted == nullptr || deleted->context.value >= context_slots_.size()
                           ? Address{}
                           : context_slots_[deleted->context.value].at;
  track(event);
  out_.emit(event);
  if (gone && operations_) operations_->context_deleted(gone);
}

void Host::track(const EventBody& event) {
  auto slot_of = [](auto& slots, std::uint32_t slot) -> auto& {
    if (slots.size() <= slot) slots.resize(slot + 1);
    return slots[slot];
  };
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, ContextCreated>) {
          slot_of(context_slots_, e.context.value) = {e.at, e.parent, e.name, events_};
          contexts_[e.at] = e.context;
          text_bytes_ += e.name.size();
        } else if constexpr (std::is_same_v<E, ContextIdentSet>) {
          text_bytes_ += e.ident ? e.ident->size() : 0;
        } else if constexpr (std::is_same_v<E, ContextReparented>) {
          slot_of(context_slots_, e.context.value).parent = e.parent;
        } else if constexpr (std::is_same_v<E, ContextSwitched>) {
          last_switch_ = events_;
          switch_owed_ = 0;
        } else if constexpr (std::is_same_v<E, ContextDeleted>) {
          contexts_.erase(slot_of(context_slots_, e.context.value).at);
        } else if constexpr (std::is_same_v<E, Malloc>) {
          slot_of(region_slots_, e.block.value) = e.at;
          regions_[e.at] = e.bytes;
          heap_bytes_ += e.bytes;
        } else if constexpr (std::is_same_v<E, Realloc>) {
          Address& at = slot_of(region_slots_, e.block.value);
          heap_bytes_ += e.bytes - regions_[at];
          regions_.erase(at);
          regions_[e.at] = e.bytes;
          at = e.at;
        } else if constexpr (std::is_same_v<E, Free>) {
          auto found = regions_.find(slot_of(region_slots_, e.block.value));
          if (found != regions_.end()) {
            heap_bytes_ -= found->second;
            regions_.erase(found);
          }
        } else if constexpr (std::is_same_v<E, Output>) {
          text_bytes_ += e.text.size();
        } else if constexpr (std::is_same_v<E, Narration>) {
          text_bytes_ += e.en.size() + e.zh.size();
        } else if constexpr (std::is_same_v<E, VariableSet>) {
          text_bytes_ += e.name.size();
        } else if constexpr (std::is_same_v<E, MemoryWritten>) {
          text_bytes_ += e.bytes.size();
        } else if constexpr (std::is_same_v<E, ErrorReported>) {
          text_bytes_ += e.message.size() + e.detail.size();
          if (e.severity == Severity::Error) {
            error_announced_ = true;
            error_in_flight_ = true;
          }
        } else if constexpr (std::is_same_v<E, ErrorCaught>) {
          error_in_flight_ = false;
        }
      },
      event);
}

const std::string& Host::context_name(Address at) const {
  static const std::string none;
  auto found = contexts_.find(at);
  return found == contexts_.end() ? none : context_slots_[found->second.value].name;
}

bool Host::is_within(Address context, Address ancestor) const {
  auto found = contexts_.find(context);
  if (found == contexts_.end()) return false;
  for (ContextSlot at = found->second; at; at = context_slots_[at.value].parent)
    if (context_slots_[at.value].at == ancestor) return true;
  return false;
}

void Host::note_assigned(lua_State* L, std::string_view name, PointerOrigin value) {
  enter(L);
  if (!attempt([&] {
        emit(VariableSet{std::string(name), value.at});
        if (assigned) assigned->emplace_back(name, value.at);
        if (value.born != 0) {
          pointers_.insert_or_assign(std::string(name), value);
        } else if (auto found = pointers_.find(name); found != pointers_.end()) {
          pointers_.erase(found);
        }
      }))
    raise(L);
  leave(L);
}

// --- calls ----------------------------------------------------------------------------------------------------

std::uint32_t Host::file_of(const char* chunk_name) const {
  if (chunk_name_ == chunk_name) return kScriptFile;
  if (std::string_view(kConsoleChunk) == chunk_name) return kConsoleFile;
  for (std::size_t i = 0; i < libraries_.size(); ++i)
    if (libraries_[i] == chunk_name) return kFirstLibraryFile + static_cast<std::uint32_t>(i);
  return 0;
}

SourceSpot Host::nearest(lua_State* L, bool libraries) const {
  lua_Debug frame;
  for (int level = 0; lua_getstack(L, level, &frame); ++level) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0) continue;
    std::uint32_t file = file_of(frame.source);
    if (file != 0 && (libraries || file < kFirstLibraryFile))
      return {file, static_cast<std::uint32_t>(frame.currentline)};
  }
  return {};
}

SourceSpot Host::spot(lua_State* L) const { return nearest(L, true); }
SourceSpot Host::author_spot(lua_State* L) const { return nearest(L, false); }

const char* Host::add_library(const std::string& name, std::string_view text) {
  libraries_.push_back("=" + name);
  emit(SourceText{kFirstLibraryFile + static_cast<std::uint32_t>(libraries_.size() - 1), name, std::string(text)});
  return libraries_.back().c_str();
}

void Host::enter(lua_State* L) {
  current_ = L;
  charge(kInstructionsPerCall);
  charge_work();  // of calls that failed
  SourceSpot here = spot(L);
  if (here.line != 0) spot_ = here;  // none: inside a coroutine or a sort; then the line that led there holds
}

// What a server spends on large tables counts as the script's own steps: a loop over calls that make no events ends.
void Host::charge_work() {
  charge(server_->backends.work() - work_charged_);
  work_charged_ = server_->backends.work();
}

std::string Host::ran_too_long() const {
  return fmt::format("the script ran for more than {} million steps; does it loop for ever?",
                     budget_.instructions / 1'000'000);
}

void Host::leave(lua_State* L) {
  charge_work();
  if (crashed_) {
    // Something that was done along with the call, and whose failure the call itself did not see.
  } else if (events_ > event_limit_) {
    doomed_ = true;
    mistake_ = fmt::format("the script has made more than {} events", thousands(budget_.events));
  } else if (instructions_ > instruction_limit_) {
    doomed_ = true;
    mistake_ = ran_too_long();
  } else if (text_bytes_ > text_limit_) {
    doomed_ = true;
    mistake_ = fmt::format("the script has printed or written more than {} MB", budget_.text_bytes >> 20);
  } else if (heap_bytes_ > budget_.heap_bytes) {
    doomed_ = true;
    mistake_ = fmt::format("the script holds more than {} MB of simulated memory", budget_.heap_bytes >> 20);
  }
  if (doomed_) {
    failure_ = Failure::Mistake;
    raise(L);
  }
  if (limits.events != 0 && events_ - events_at_start >= limits.events) want_pause(L);
}

void Host::keep_failure(const Ereport& error) {
  // errstart: inside a critical section every ERROR is a PANIC.
  if (process_->crit_section_count() != 0) return keep_crash({"SIGABRT", "PANIC: " + error.message, {}});
  failure_ = Failure::Postgres;
  try {
    ereport_ = error;
    if (!error_announced_) process_->report(Severity::Error, Address{}, ereport_);
    // As errfinish does (elog.c): whoever catches the error finds ErrorContext as its current context.
    process_->memory_context_switch_to(process_->error_context());
  } catch (const Crash& crash) {
    keep_crash(crash);
  } catch (const std::exception& second) {
    failure_ = Failure::Mistake;
    mistake_ = second.what();
  }
}

void Host::keep_crash(const Crash& crash) {
  failure_ = Failure::Mistake;
  crashed_ = doomed_ = true;
  try {
    mistake_ = fmt::format("the process died of {}: {}", crash.signal, crash.message);
    emit(ErrorReported{Severity::Error, {}, "", mistake_, ""});
  } catch (const std::exception& second) {
    mistake_ = second.what();
  }
}

int Host::raise(lua_State* L) {
  switch (failure_) {
    case Failure::Postgres:
      where_ = text_of(spot(L));
      push_ereport(L, ereport_, where_.c_str());
      break;
    case Failure::Callback:
      lua_rawgeti(L, LUA_REGISTRYINDEX, callback_error_);
      break;
    default:
      luaL_where(L, 1);
      lua_pushlstring(L, mistake_.data(), mistake_.size());
      lua_concat(L, 2);
  }
  return lua_error(L);
}

std::string Host::text_of(SourceSpot spot) const {
  if (spot.line == 0) return {};
  const char* chunk = spot.file >= kFirstLibraryFile ? libraries_[spot.file - kFirstLibraryFile].c_str()
                      : spot.file == kConsoleFile    ? kConsoleChunk
                                                     : chunk_name_.c_str();
  return fmt::format("{}:{}", chunk + 1, spot.line);
}

// --- callbacks ------------------------------------------------------------------------------------------------

void Host::remember_callback(lua_State* L, Address context, int function_index) {
  lua_pushvalue(L, function_index);
  int function = luaL_ref(L, LUA_REGISTRYINDEX);
  if (attempt([&] {
        process_->memory_context_register_reset_callback(context, ++callbacks_,
                                                         [this, function] { run_callback(function); });
      }))
    return;
  raise(L);
}

int Host::keep_function(lua_State* L, int function_index) {
  lua_pushvalue(L, function_index);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

// Called by the process, in the middle of a reset: frames with destructors lie between here and the script, so nothing
// may leave by longjmp, and the script cannot be paused in here.
void Host::run_callback(int function) {
  lua_State* L = current_;
  SourceSpot caller = spot_;
  if (!lua_checkstack(L, 8)) throw ScriptMistake{"the script's calls are nested too deep"};
  lua_rawgeti(L, LUA_REGISTRYINDEX, function);
  luaL_unref(L, LUA_REGISTRYINDEX, function);
  const std::size_t depth = frames(L).depth();
  int status = lua_pcall(L, 0, 0, 0);
  frames(L).unwind(depth);
  current_ = L;
  spot_ = caller;
  failure_ = Failure::None;  // what failed inside and was caught there
  if (status == LUA_OK) return;
  lua_rawseti(L, LUA_REGISTRYINDEX, callback_error_);
  throw CallbackFailed{};
}

// --- errors ---------------------------------------------------------------------------------------------------

bool Host::is_ereport(lua_State* L, int index) const { return is_ereport_value(L, index); }

void Host::announce_again(lua_State* L) {
  enter(L);
  const char* fields[3] = {};
  std::size_t lengths[3] = {};
  const char* names[3] = {"sqlstate", "message", "detail"};
  for (int i = 0; i < 3; ++i) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, -2);
    fields[i] = lua_tolstring(L, -1, &lengths[i]);
    lua_pop(L, 1);  // the error value still holds the string
  }
  if (!attempt([&] {
        auto text = [&](int i) { return fields[i] ? std::string(fields[i], lengths[i]) : std::string(); };
        process_->report(Severity::Error, Address{}, Ereport{text(0), text(1), text(2)});
      }))
    raise(L);
}

void Host::announce_caught() {
  attempt([&] { emit(ErrorCaught{}); });
}

void Host::release_pins_since(std::int64_t mark) {
  attempt([&] { server_->release_pins_since(mark); });
}

bool Host::has_own_recovery() const {
  lua_State* L = sandbox_.state();
  bool has = lua_getfield(L, LUA_REGISTRYINDEX, kUncaughtHandler) == LUA_TFUNCTION;
  lua_pop(L, 1);
  return has;
}

int Host::run_own_recovery(lua_State* L) {
  Host& host = of(L);
  lua_getfield(L, LUA_REGISTRYINDEX, kUncaughtHandler);
  push_ereport(L, host.ereport_, host.where_.c_str());
  lua_call(L, 1, 0);
  return 0;
}

void Host::recover_at_top_level() {
  if (!error_in_flight_ || crashed_) return;
  current_ = sandbox_.state();  // for callbacks; the thread that called in last may be gone
  set_hook(current_, false);
  attempt([&] {
    emit(ErrorCaught{});
    server_->release_all_pins();
  });
  if (has_own_recovery()) {
    lua_pushcfunction(current_, run_own_recovery);
    if (lua_pcall(current_, 0, 0, 0) == LUA_OK) return;
    std::string mistake = describe_error(current_);
    attempt([&] { emit(Output{mistake}); });
  }
  attempt([&] {
    process_->memory_context_switch_to(process_->top_memory_context());
    process_->memory_context_reset(process_->error_context());
  });
}

std::string Host::describe_error(lua_State* L) {
  std::string text;
  if (is_ereport_value(L, -1)) {
    const char* message = push_text_of(L, -1);
    text = message ? message : "";
    lua_pop(L, 1);
  } else if (sandbox_.out_of_memory() && lua_isstring(L, -1)) {
    SourceSpot here = spot(L);
    text = fmt::format("{}: the script used more than {} MB of memory", text_of(here), budget_.script_bytes >> 20);
  } else if (lua_isstring(L, -1)) {
    text = lua_tostring(L, -1);
  } else {
    text = fmt::format("{}: an error without words (a {} value)", text_of(spot(L)), luaL_typename(L, -1));
  }
  lua_pop(L, 1);
  return text;
}

// --- budgets and pauses ---------------------------------------------------------------------------------------

void Host::pardon() {
  doomed_ = crashed_;
  pause_wanted_ = false;
  sandbox_.forgive();
  instruction_limit_ = instructions_ + budget_.instructions;
  event_limit_ = events_ + budget_.events;
  text_limit_ = text_bytes_ + budget_.text_bytes;
}

void Host::set_hook(lua_State* L, bool lines) {
  pause_wanted_ = false;
  hook_period_ = kHookPeriod;
  std::uint64_t slice = limits.instructions;
  if (slice != 0 && slice < kHookPeriod) hook_period_ = static_cast<int>(slice);
  lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT | (lines ? LUA_MASKLINE : 0), hook_period_);
}

// The next instruction of the script meets the hook, which may yield where a C function may not.
void Host::want_pause(lua_State* L) {
  if (pause_wanted_ || !script) return;
  pause_wanted_ = true;
  if (L == script) lua_sethook(L, hook, lua_gethookmask(L) | LUA_MASKCOUNT, 1);
}

void Host::hook(lua_State* L, lua_Debug* event) {
  Host& host = of(L);
  if (event->event != LUA_HOOKCOUNT && event->event != LUA_HOOKLINE) return host.follow(L, event);
  if (event->event == LUA_HOOKCOUNT) {
    host.instructions_ += static_cast<std::uint64_t>(lua_gethookcount(L));
    if (host.doomed_ || host.instructions_ > host.instruction_limit_) {
      host.doomed_ = true;
      lua_sethook(L, hook, LUA_MASKCOUNT, 1);  // whatever the script catches, it gets no further
      lua_getinfo(L, "Sl", event);
      host.mistake_ = host.ran_too_long();
      luaL_error(L, "%s:%d: %s", event->short_src, event->currentline, host.mistake_.c_str());
    }
    if (host.limits.instructions != 0 && host.instructions_ - host.instructions_at_start >= host.limits.instructions)
      host.pause_wanted_ = true;
  } else if (L == host.script && host.limits.at_line && host.events_ != host.events_at_start) {
    lua_getinfo(L, "S", event);
    host.pause_wanted_ = host.file_of(event->source) < kFirstLibraryFile;  // steps go over a library's lines
  }
  if (host.pause_wanted_ && L == host.script && lua_isyieldable(L)) {
    host.pause_wanted_ = false;
    host.paused = true;
    host.paused_at = host.author_spot(L);  // now: after the yield the frame says the instruction before
    lua_yield(L, 0);
  }
}

}  // namespace palloscope::core
