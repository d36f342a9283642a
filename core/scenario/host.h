// Host: the world of one script: the process it works on, and the way from a call in Lua to events. It stands between
// the process and the sink, so that a line's first effect is preceded by the line itself, and budgets are kept.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/mcxt/process.h"
#include "core/scenario/call_frames.h"
#include "core/scenario/operations_world.h"
#include "core/scenario/sandbox.h"
#include "core/scenario/scenario_run.h"
#include "core/scenario/server_world.h"
#include "core/scenario/shmem_world.h"
#include "core/scenario/variable_uses.h"

struct lua_State;
struct lua_Debug;

namespace palloscope::core {

inline constexpr std::uint32_t kScriptFile = 1, kConsoleFile = 2;
inline constexpr std::uint32_t kFirstLibraryFile = 3;
inline constexpr const char* kConsoleChunk = "=console";
inline constexpr const char* kUncaughtHandler = "palloscope.uncaught";  // registry: function of on_uncaught_error

// The script asked for something that no C program could, or that would end it: words for the author.
struct ScriptMistake {
  std::string what;
};

// A reset callback failed; its error value is kept in the host.
struct CallbackFailed {};

struct SourceSpot {
  std::uint32_t file = 0, line = 0;
  friend bool operator==(const SourceSpot&, const SourceSpot&) = default;
};

class Host final : public EventSink {
 public:
  Host(std::string chunk_name, std::string_view text, const ScenarioBudget& budget, EventSink& out);
  ~Host() override;
  static Host& of(lua_State* L) { return *static_cast<Host*>(owner_of(L)); }

  void start_process(const VersionProfile& profile, ContextCallObserver* calls);
  Process& process() { return *process_; }
  const Process& process() const { return *process_; }
  ServerWorld& server() { return *server_; }
  OperationsWorld& operations() { return *operations_; }
  ShmemWorld& shmem() { return *shmem_; }
  lua_State* main_state() const { return sandbox_.state(); }
  LuaSandbox& sandbox() { return sandbox_; }
  const std::string& chunk_name() const { return chunk_name_; }  // "=leak.lua"
  const ScenarioBudget& budget() const { return budget_; }

  // From the process (and for what the script itself says).
  void emit(const EventBody& event) override;
  EventNumber last_event() const override { return events_; }
  std::uint64_t events() const { return events_; }

  // --- a call from Lua: enter; then run what it does within attempt; then leave -------------------------------
  void enter(lua_State* L);
  // False: it failed; then raise() makes a Lua error of it. `action` may throw; it must not call Lua unprotected.
  template <class Action>
  bool attempt(Action action) noexcept;
  // After a successful attempt: budgets. May raise a Lua error.
  void leave(lua_State* L);
  int raise(lua_State* L);

  // Where the nearest frame stands whose text is known: a script's, the console's, a library's.
  SourceSpot spot(lua_State* L) const;
  // The same without libraries: the line of the author's own that led there.
  SourceSpot author_spot(lua_State* L) const;
  // A library's text joins the sources. Its name as Lua wants it for the chunk; lives as long as the host.
  const char* add_library(const std::string& name, std::string_view text);
  std::string text_of(SourceSpot spot) const;  // "leak.lua:12"

  // --- errors -------------------------------------------------------------------------------------------------
  bool is_ereport(lua_State* L, int index) const;
  // Announces the PostgreSQL error on top of the stack (again: it was caught and thrown on).
  void announce_again(lua_State* L);
  void announce_caught();
  void release_pins_since(std::int64_t mark);  // ServerWorld::pin_mark, behind an error that was caught
  bool error_in_flight() const { return error_in_flight_; }
  // What the main loop of a server does with an error that nobody caught: the script's own handler, or the least.
  void recover_at_top_level();
  bool has_own_recovery() const;  // on_uncaught_error was called
  // The words for an error value that reached the top. Pops it.
  std::string describe_error(lua_State* L);

  // --- budgets ------------------------------------------------------------------------------------------------
  // The script may not go on, whatever it catches.
  bool doomed() const { return doomed_; }
  void pardon();  // the console starts afresh
  bool crashed() const { return crashed_; }
  std::uint64_t instructions() const { return instructions_; }
  static void hook(lua_State* L, lua_Debug* event);
  void set_hook(lua_State* L, bool lines);

  // --- what the script's functions leave behind, for the watch of faults --------------------------------------
  lua_State* console = nullptr;  // the thread of the console line that runs
  CallFrames& frames(lua_State* L) { return L == console ? console_frames_ : script_frames_; }
  // A function of the script's that works in CurrentMemoryContext is about to allocate: is it the context that its
  // caller expects?
  void note_palloc(lua_State* L);
  // A reset or delete is over: which variables that the script goes on to read point into what is gone?
  void tell_dangling_variables(lua_State* L, EventNumber before);
  // malloc fails from this size on, or (0) only where the script's budget ends.
  void fail_mallocs_from(std::uint64_t bytes);

  // --- pauses -------------------------------------------------------------------------------------------------
  lua_State* script = nullptr;  // the only coroutine that may be paused
  AdvanceLimits limits;
  std::uint64_t instructions_at_start = 0, events_at_start = 0;  // of this slice
  void want_pause(lua_State* L);
  bool paused = false;   // the yield was the hook's, not the script's own
  SourceSpot paused_at;  // then: what comes next

  // --- contexts and variables ---------------------------------------------------------------------------------
  bool is_live_context(Address at) const { return contexts_.count(at) != 0; }
  const std::string& context_name(Address at) const;  // empty: no such context
  bool is_within(Address context, Address ancestor) const;
  bool is_malloced(Address at) const { return regions_.count(at) != 0; }
  void remember_callback(lua_State* L, Address context, int function_index);
  // A function of the script's that is called back once, in the middle of a call; the number goes to run_kept.
  int keep_function(lua_State* L, int function_index);
  void run_kept(int function) { run_callback(function); }

  // --- globals ------------------------------------------------------------------------------------------------
  void note_assigned(lua_State* L, std::string_view name, PointerOrigin value);
  std::set<std::string, std::less<>> api_names;       // what scripts may not assign to
  std::set<std::string, std::less<>> variable_names;  // ever assigned to: nil is a value too
  // What a console line assigned; kept while somebody listens.
  std::vector<std::pair<std::string, Address>>* assigned = nullptr;

 private:
  void track(const EventBody& event);
  void charge(std::uint64_t instructions) { instructions_ += instructions; }  // a call does as much as so many
  void charge_work();
  std::string ran_too_long() const;
  void follow(lua_State* L, lua_Debug* event);
  EventNumber born_of(Address context) const;
  bool will_be_read(lua_State* L, std::string_view name) const;
  void run_callback(int function);
  std::uint32_t file_of(const char* chunk_name) const;  // 0: none of ours
  SourceSpot nearest(lua_State* L, bool libraries) const;
  static int run_own_recovery(lua_State* L);
  void keep_failure(const Ereport& error);
  void keep_crash(const Crash& crash);

  std::string chunk_name_;
  ScenarioBudget budget_;
  EventSink& out_;
  LuaSandbox sandbox_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<ServerWorld> server_;
  std::unique_ptr<OperationsWorld> operations_;
  std::unique_ptr<ShmemWorld> shmem_;

  std::uint64_t events_ = 0, instructions_ = 0, text_bytes_ = 0, heap_bytes_ = 0;
  std::uint64_t event_limit_ = 0, instruction_limit_ = 0, text_limit_ = 0;  // the console's lines add to them
  std::uint64_t work_charged_ = 0;                                          // of the backends' work
  int hook_period_ = 0;
  bool doomed_ = false;
  bool crashed_ = false;  // the process is dead; nothing more can happen in it
  bool pause_wanted_ = false;
  bool error_in_flight_ = false;
  bool error_announced_ = false;  // by the process itself, during this call

  lua_State* current_ = nullptr;  // that called in last
  SourceSpot spot_, last_spot_;
  std::deque<std::string> libraries_;  // chunk names, "=lib/backend.lua"; file numbers from kFirstLibraryFile

  enum class Failure : std::uint8_t { None, Postgres, Mistake, Callback };
  Failure failure_ = Failure::None;
  Ereport ereport_;
  std::string where_;
  std::string mistake_;
  int callback_error_ = 0;  // registry: error value of a failed callback
  std::uint32_t callbacks_ = 0;

  struct LiveContext {
    Address at;
    ContextSlot parent;
    std::string name;
    EventNumber born = 0;
  };
  std::unordered_map<Address, ContextSlot> contexts_;  // live ones
  std::vector<LiveContext> context_slots_;
  std::unordered_map<Address, std::uint64_t> regions_;  // live malloc'ed: bytes
  std::vector<Address> region_slots_;

  CallFrames script_frames_, console_frames_;
  EventNumber last_switch_ = 0;
  EventNumber switch_owed_ = 0;  // the switch that a function left behind; 0: none
  VariableUses uses_;
  std::map<std::string, PointerOrigin, std::less<>> pointers_;  // what the script's variables hold
};

template <class Action>
bool Host::attempt(Action action) noexcept {
  failure_ = Failure::None;
  error_announced_ = false;
  try {
    action();
  } catch (const Ereport& error) {
    keep_failure(error);
  } catch (const Crash& crash) {
    keep_crash(crash);
  } catch (const ScriptMistake& mistake) {
    failure_ = Failure::Mistake;
    mistake_ = mistake.what;
  } catch (const CallbackFailed&) {
    failure_ = Failure::Callback;
  } catch (const WouldWait& wait) {
    failure_ = Failure::Mistake;
    mistake_ = "a server would wait here for ever: " + wait.what;
  } catch (const std::exception& error) {
    failure_ = Failure::Mistake;
    mistake_ = error.what();
  }
  return failure_ == Failure::None;
}

}  // namespace palloscope::core
