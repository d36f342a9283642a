#include "core/scenario/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/scenario/api.h"
#include "core/scenario/globals.h"
#include "core/scenario/host.h"
#include "core/scenario/lua.h"
#include "core/scenario/values.h"

namespace palloscope::core {
namespace {

constexpr int kDefaultMajor = 17;

int open_globals(lua_State* L) {
  register_values(L);
  register_backends(L);
  register_buffers(L);
  register_operations(L);
  register_segments(L);
  install_globals(L, static_cast<int>(lua_tointeger(L, 1)));
  return 0;
}

// Puts the values that a console line answered (the whole stack) together as one text. Arguments and result on the
// stack.
int join_answer(lua_State* L) {
  int count = lua_gettop(L);
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) luaL_addstring(&text, "   ");
    push_text_of(L, i);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  return 1;
}

}  // namespace

StreamDescription describe_scenario(const ScenarioInfo& info, const ScenarioOptions& options) {
  StreamDescription description;
  description.source = SourceKind::Scenario;
  description.pg_major = options.pg_major.value_or(info.pg_major.value_or(kDefaultMajor));
  description.checking = options.checking;
  description.title = info.title.en;
  description.origin = "scenario " + info.name + ".lua";
  return description;
}

struct ScenarioRun::Impl {
  Impl(ScenarioInfo head, std::string_view text, const ScenarioOptions& options, EventSink& sink)
      : info(std::move(head)), host("=" + info.name + ".lua", text, options.budget, sink) {}

  ScenarioInfo info;
  Host host;
  lua_State* script = nullptr;  // the coroutine; kept alive by the registry
  RunState state = RunState::Paused;
  std::string error;
  std::uint32_t line = 0;
  std::string console_text;
  std::uint32_t console_lines = 0;

  std::optional<Error> load(std::string_view text, int pg_major, const ScenarioOptions& options);
  void end(int status);
  ConsoleAnswer answer(lua_State* L, std::string_view line);
};

std::optional<Error> ScenarioRun::Impl::load(std::string_view text, int pg_major, const ScenarioOptions& options) {
  const VersionProfile* profile = find_profile(pg_major, options.checking);
  if (!profile)
    return Error{ErrorCode::BadArgument, fmt::format("PostgreSQL {}{} is not simulated; there are 15, 16, 17 and 18",
                                                     pg_major, options.checking ? " in a checking build" : "")};
  lua_State* L = host.main_state();
  script = lua_newthread(L);
  luaL_ref(L, LUA_REGISTRYINDEX);
  if (luaL_loadbufferx(script, text.data(), text.size(), host.chunk_name().c_str(), "t") != LUA_OK)
    return Error{ErrorCode::ScriptFailed, host.describe_error(script)};

  host.emit(SourceText{kScriptFile, info.name + ".lua", std::string(text)});
  host.start_process(*profile, options.context_calls);
  lua_pushcfunction(L, open_globals);
  lua_pushinteger(L, pg_major);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) return Error{ErrorCode::ScriptFailed, host.describe_error(L)};
  // The script was compiled before its globals were there.
  lua_rawgeti(script, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_setupvalue(script, 1, 1);
  host.script = script;
  return std::nullopt;
}

void ScenarioRun::Impl::end(int status) {
  state = status == LUA_OK ? RunState::Finished : RunState::Failed;
  if (state == RunState::Failed) {
    bool told = host.crashed() || host.is_ereport(script, -1);  // as an ErrorReported
    error = host.describe_error(script);
    if (!told) host.emit(Output{error});
    if (!host.crashed()) host.release_pins_since(-1);  // the transaction that the error ended
    if (host.has_own_recovery()) host.recover_at_top_level();
  }
  line = 0;
  host.script = nullptr;
}

Result<ScenarioRun> ScenarioRun::start(std::string_view name, std::string_view text, const ScenarioOptions& options,
                                       EventSink& sink) {
  ScenarioInfo info = read_scenario_info(name, text);
  int pg_major = options.pg_major.value_or(info.pg_major.value_or(kDefaultMajor));
  auto impl = std::make_unique<Impl>(std::move(info), text, options, sink);
  if (auto failed = impl->load(text, pg_major, options)) return *failed;
  return ScenarioRun(std::move(impl));
}

ScenarioRun::ScenarioRun(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ScenarioRun::ScenarioRun(ScenarioRun&&) noexcept = default;
ScenarioRun& ScenarioRun::operator=(ScenarioRun&&) noexcept = default;
ScenarioRun::~ScenarioRun() = default;

RunState ScenarioRun::advance(const AdvanceLimits& limits) {
  Impl& run = *impl_;
  if (run.state != RunState::Paused) return run.state;
  Host& host = run.host;
  host.limits = limits;
  host.events_at_start = host.events();
  host.instructions_at_start = host.instructions();
  host.set_hook(run.script, limits.at_line);
  host.sandbox().open_reserve(false);
  int results = 0;
  // A script that yields outside a coroutine of its own has nobody to yield to: it goes on.
  int status = lua_resume(run.script, nullptr, 0, &results);
  while (status == LUA_YIELD && !host.paused) {
    lua_pop(run.script, results);
    status = lua_resume(run.script, nullptr, 0, &results);
  }
  host.paused = false;
  host.sandbox().open_reserve(true);
  if (status == LUA_YIELD)
    run.line = host.paused_at.line;
  else
    run.end(status);
  return run.state;
}

RunState ScenarioRun::state() const { return impl_->state; }
const std::string& ScenarioRun::error() const { return impl_->error; }
const ScenarioInfo& ScenarioRun::info() const { return impl_->info; }
const Process& ScenarioRun::process() const { return impl_->host.process(); }
std::uint32_t ScenarioRun::line() const { return impl_->line; }

// --- the console ----------------------------------------------------------------------------------------------

ConsoleAnswer ScenarioRun::Impl::answer(lua_State* L, std::string_view text) {
  // Line numbers go on from one entry to the next: the chunk begins with as many empty lines as went before.
  std::string before(console_lines, '\n');
  std::string expression = before + "return " + std::string(text), statement = before + std::string(text);
  console_text += std::string(text) + "\n";
  console_lines += 1 + static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
  host.emit(SourceText{kConsoleFile, "console", console_text});

  if (luaL_loadbufferx(L, expression.data(), expression.size(), kConsoleChunk, "t") != LUA_OK) {
    lua_pop(L, 1);
    if (luaL_loadbufferx(L, statement.data(), statement.size(), kConsoleChunk, "t") != LUA_OK)
      return {false, host.describe_error(L)};
  }
  std::vector<std::pair<std::string, Address>> assigned;
  host.assigned = &assigned;
  host.sandbox().open_reserve(false);
  int status = lua_pcall(L, 0, LUA_MULTRET, 0);
  host.assigned = nullptr;
  host.sandbox().open_reserve(true);
  if (status != LUA_OK) return {false, host.describe_error(L)};

  if (lua_gettop(L) > 0) {
    lua_pushcfunction(L, join_answer);
    lua_insert(L, 1);
    if (lua_pcall(L, lua_gettop(L) - 1, 1, 0) != LUA_OK) return {false, host.describe_error(L)};
    return {true, lua_tostring(L, -1)};
  }
  ConsoleAnswer result;
  for (const auto& [name, value] : assigned) {
    if (!result.text.empty()) result.text += "   ";
    result.text += fmt::format("{} = {}", name, value ? fmt::format("{:#x}", value.value) : "nil");
  }
  return result;
}

ConsoleAnswer ScenarioRun::execute(std::string_view line) {
  Impl& run = *impl_;
  if (run.host.crashed()) return {false, "the process is dead: run the scenario again"};
  run.host.sandbox().open_reserve(true);
  run.host.pardon();
  run.host.recover_at_top_level();
  lua_State* main = run.host.main_state();
  lua_State* L = lua_newthread(main);
  AdvanceLimits no_limits;
  std::swap(run.host.limits, no_limits);
  run.host.console = L;
  run.host.frames(L).clear();
  run.host.set_hook(L, false);
  ConsoleAnswer answer = run.answer(L, line);
  run.host.console = nullptr;
  std::swap(run.host.limits, no_limits);
  lua_pop(main, 1);
  return answer;
}

}  // namespace palloscope::core
