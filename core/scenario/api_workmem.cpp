// Operations under work_mem: tuplesort, the hash table of a hash join, a hash aggregate. Tuples have a key (a whole
// number, which stands for the columns' values) and a size. What a script asks for that PostgreSQL would only assert is
// refused in words.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/scenario/api.h"
#include "core/scenario/lua.h"

namespace palloscope::core {
namespace {

constexpr const char* kSort = "tuplesort";
constexpr const char* kJoin = "hash table";
constexpr const char* kAggregate = "hash aggregate";

constexpr lua_Integer kRandomAccess = 1, kAllowBounded = 2;
constexpr lua_Integer kSmallestTuple = 16;          // a MinimalTuple's header
constexpr lua_Integer kLargestTuple = 1024 * 1024;  // of a script's
constexpr lua_Integer kMostKb = 2147483647;

struct Held {
  const char* kind = nullptr;
  std::uint32_t number = 0;
};
void push(lua_State* L, Held held) {
  std::memcpy(lua_newuserdatauv(L, sizeof held.number, 0), &held.number, sizeof held.number);
  luaL_setmetatable(L, held.kind);
}

std::uint32_t number_at(lua_State* L, int index, const char* kind) {
  std::uint32_t number = 0;
  std::memcpy(&number, luaL_checkudata(L, index, kind), sizeof number);
  return number;
}

// The number of one that is at work; a Lua error if it has ended.
template <class Find>
std::uint32_t check_alive(lua_State* L, int index, const char* kind, Find find) {
  const std::uint32_t number = number_at(L, index, kind);
  OperationsWorld& world = Host::of(L).operations();
  luaL_argcheck(L, find(world, number) != nullptr, index, "it has ended, or its memory context was deleted");
  luaL_argcheck(L, !world.broken(number), index,
                "an error left it half done: only deleting its memory context ends it");
  return number;
}
std::uint32_t check_sort(lua_State* L, int index) {
  return check_alive(L, index, kSort, [](OperationsWorld& w, std::uint32_t n) { return w.sort(n); });
}
std::uint32_t check_join(lua_State* L, int index) {
  return check_alive(L, index, kJoin, [](OperationsWorld& w, std::uint32_t n) { return w.join(n); });
}
std::uint32_t check_aggregate(lua_State* L, int index) {
  return check_alive(L, index, kAggregate, [](OperationsWorld& w, std::uint32_t n) { return w.aggregate(n); });
}
TupleSort& sort_of(lua_State* L, std::uint32_t number) { return *Host::of(L).operations().sort(number); }
HashJoin& join_of(lua_State* L, std::uint32_t number) { return *Host::of(L).operations().join(number); }
HashAggregate& aggregate_of(lua_State* L, std::uint32_t number) { return *Host::of(L).operations().aggregate(number); }

// Runs `action`, and leaves the operation marked if it throws.
template <class Action>
auto whole(OperationsWorld& world, std::uint32_t number, Action action) {
  world.set_broken(number, true);
  if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
    action();
    world.set_broken(number, false);
  } else {
    auto answer = action();
    world.set_broken(number, false);
    return answer;
  }
}

std::uint64_t check_bytes(lua_State* L, int index, lua_Integer least) {
  const lua_Integer bytes = luaL_checkinteger(L, index);
  if (bytes < least || bytes > kLargestTuple)
    luaL_argerror(L, index,
                  lua_pushfstring(L, "a tuple has %I to %I bytes", static_cast<LUAI_UACINT>(least),
                                  static_cast<LUAI_UACINT>(kLargestTuple)));
  return static_cast<std::uint64_t>(bytes);
}

std::uint64_t check_work_mem(lua_State* L, int index) {
  const lua_Integer kb = luaL_checkinteger(L, index);
  luaL_argcheck(L, kb >= 64 && kb <= kMostKb, index, "work_mem is 64 kB at least");
  return static_cast<std::uint64_t>(kb);
}

// --- fields of the table at index 1 ---------------------------------------------------------------------------

lua_Number number_field(lua_State* L, const char* name, lua_Number fallback, lua_Number least, lua_Number most) {
  lua_getfield(L, 1, name);
  lua_Number value = fallback;
  if (!lua_isnil(L, -1)) {
    int is_number = 0;
    value = lua_tonumberx(L, -1, &is_number);
    if (!is_number || !(value >= least && value <= most))
      luaL_error(L, "%s should be a number from %f to %f", name, least, most);
  }
  lua_pop(L, 1);
  return value;
}

const char* text_field(lua_State* L, const char* name, const char* fallback) {
  lua_getfield(L, 1, name);
  const char* text = lua_isnil(L, -1) ? fallback : luaL_checkstring(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, "palloscope.operation.name");  // keeps the text for as long as it is needed
  return text;
}

struct Wishes {  // what ExecHashTableCreate and build_hash_tables are told
  lua_Number rows = 1000, width = 4, work_mem = 4096, multiplier = 2, transitions = 1;
  bool left = false, skew = false;
  const char* name = nullptr;

  WorkSettings settings() const {
    WorkSettings settings;
    settings.work_mem_kb = static_cast<std::uint64_t>(work_mem);
    settings.hash_mem_multiplier = multiplier;
    return settings;
  }
};

bool flag_field(lua_State* L, const char* name) {
  lua_getfield(L, 1, name);
  const bool value = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
  return value;
}

Wishes check_wishes(lua_State* L, const char* rows, const char* name) {
  luaL_checktype(L, 1, LUA_TTABLE);
  Wishes wishes;
  wishes.rows = number_field(L, rows, 1000, 0, 1e15);
  wishes.width = std::floor(number_field(L, "width", 4, 0, 1e6));
  wishes.work_mem = std::floor(number_field(L, "work_mem", 4096, 64, static_cast<lua_Number>(kMostKb)));
  wishes.multiplier = number_field(L, "hash_mem_multiplier", 2, 1, 1000);
  wishes.transitions = std::floor(number_field(L, "transitions", 1, 0, 100));
  wishes.left = flag_field(L, "left");
  wishes.skew = flag_field(L, "skew");
  wishes.name = text_field(L, "name", name);
  return wishes;
}

// --- tuplesort ------------------------------------------------------------------------------------------------

int begin_sort(lua_State* L, int first, SortKind kind, const char* name) {
  const std::uint64_t work_mem = check_work_mem(L, first);
  const lua_Integer options = luaL_optinteger(L, first + 1, 0);
  luaL_argcheck(L, options >= 0 && options <= (kRandomAccess | kAllowBounded), first + 1,
                "TUPLESORT_RANDOMACCESS and TUPLESORT_ALLOWBOUNDED are the options that there are");
  name = luaL_optstring(L, first + 2, name);
  check_current_context(L);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    SortSpec spec;
    spec.kind = kind;
    spec.allow_bounded = (options & kAllowBounded) != 0;
    spec.random_access = (options & kRandomAccess) != 0;
    spec.settings.work_mem_kb = work_mem;
    spec.name = name;
    return Held{kSort, world->begin_sort(spec)};
  });
}

int tuplesort_begin_heap(lua_State* L) { return begin_sort(L, 1, SortKind::Heap, "Sort"); }

int tuplesort_begin_datum(lua_State* L) {
  luaL_checktype(L, 1, LUA_TBOOLEAN);
  return begin_sort(L, 2, lua_toboolean(L, 1) != 0 ? SortKind::DatumByValue : SortKind::DatumByReference, "Sort");
}

int tuplesort_set_bound(lua_State* L) {
  const std::uint32_t number = check_sort(L, 1);
  const lua_Integer bound = luaL_checkinteger(L, 2);
  luaL_argcheck(L, bound > 0, 2, "a bound is 1 at least");
  luaL_argcheck(L, sort_of(L, number).allows_bound(), 1, "it was begun without TUPLESORT_ALLOWBOUNDED");
  luaL_argcheck(L, sort_of(L, number).put_count() == 0 && !sort_of(L, number).performed(), 1,
                "the bound is set before the first tuple");
  sort_of(L, number).set_bound(static_cast<std::uint64_t>(bound));
  return 0;
}

int put(lua_State* L, bool heap) {
  const std::uint32_t number = check_sort(L, 1);
  const lua_Integer key = luaL_checkinteger(L, 2);
  TupleSort& sort = sort_of(L, number);
  luaL_argcheck(L, (sort.kind() == SortKind::Heap) == heap, 1,
                heap ? "it sorts values: tuplesort_putdatum" : "it sorts tuples: tuplesort_puttupleslot");
  luaL_argcheck(L, !sort.performed(), 1, "it was performed: no more tuples can come");
  const std::uint64_t bytes = sort.kind() == SortKind::DatumByValue ? 0 : check_bytes(L, 3, heap ? kSmallestTuple : 1);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->sort(number)->put({key, bytes}); }); });
}
int tuplesort_puttupleslot(lua_State* L) { return put(L, true); }
int tuplesort_putdatum(lua_State* L) { return put(L, false); }

int tuplesort_performsort(lua_State* L) {
  const std::uint32_t number = check_sort(L, 1);
  luaL_argcheck(L, !sort_of(L, number).performed(), 1, "it was performed already");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->sort(number)->perform(); }); });
}

struct GotTuple {
  bool some = false;
  SortedTuple tuple;
};

// The next tuple's key and size; nil behind the last.
int tuplesort_get(lua_State* L) {
  const std::uint32_t number = check_sort(L, 1);
  luaL_argcheck(L, sort_of(L, number).performed(), 1, "nothing comes out before tuplesort_performsort");
  Host& host = Host::of(L);
  GotTuple got;
  host.enter(L);
  const bool done = host.attempt([&] {
    const auto tuple = whole(host.operations(), number, [&] { return host.operations().sort(number)->get(); });
    if (tuple) got = {true, *tuple};
  });
  if (!done) return host.raise(L);
  host.leave(L);
  if (!got.some) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, got.tuple.key);
  lua_pushinteger(L, static_cast<lua_Integer>(got.tuple.bytes));
  return 2;
}

// { sortMethod = "quicksort", spaceType = "Memory", spaceUsed = 103 }: as EXPLAIN (ANALYZE) prints it.
int tuplesort_get_stats(lua_State* L) {
  const std::uint32_t number = check_sort(L, 1);
  const SortStats stats = sort_of(L, number).stats();
  lua_createtable(L, 0, 3);
  lua_pushstring(L, sort_method_name(stats.method));
  lua_setfield(L, -2, "sortMethod");
  lua_pushstring(L, stats.on_disk ? "Disk" : "Memory");
  lua_setfield(L, -2, "spaceType");
  lua_pushinteger(L, static_cast<lua_Integer>(stats.space_kb));
  lua_setfield(L, -2, "spaceUsed");
  return 1;
}

// Each kind's last call: the operation ends, and the script's value with it.
template <class End>
int end_operation(lua_State* L, std::uint32_t number, End end) {
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    world->set_broken(number, true);
    world->will_end(number);
    end(*world, number);
    world->ended(number);
  });
}

int tuplesort_end(lua_State* L) {
  return end_operation(L, check_sort(L, 1), [](OperationsWorld& w, std::uint32_t n) { w.sort(n)->end(); });
}

const char* status_name(OperationPhase phase) {
  switch (phase) {
    case OperationPhase::Initial:
      return "TSS_INITIAL";
    case OperationPhase::Bounded:
      return "TSS_BOUNDED";
    case OperationPhase::BuildRuns:
      return "TSS_BUILDRUNS";
    case OperationPhase::SortedInMemory:
      return "TSS_SORTEDINMEM";
    case OperationPhase::SortedOnTape:
      return "TSS_SORTEDONTAPE";
    default:
      return "TSS_FINALMERGE";
  }
}

struct FieldValue {
  const char* name;
  lua_Integer value;
};

int push_field(lua_State* L, const char* wanted, const FieldValue* fields, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (std::strcmp(fields[i].name, wanted) != 0) continue;
    lua_pushinteger(L, fields[i].value);
    return 1;
  }
  return luaL_error(L, "it has no field \"%s\"", wanted);
}

int sort_field(lua_State* L) {
  const TupleSort& sort = sort_of(L, check_sort(L, 1));
  const char* wanted = luaL_checkstring(L, 2);
  if (std::strcmp(wanted, "status") == 0) {
    lua_pushstring(L, status_name(sort.phase()));
    return 1;
  }
  const FieldValue fields[] = {
      {"allowedMem", static_cast<lua_Integer>(sort.allowed_bytes())},
      {"availMem", static_cast<lua_Integer>(sort.allowed_bytes()) - sort.used_bytes()},
      {"usedMem", sort.used_bytes()},
      {"memtupcount", static_cast<lua_Integer>(sort.tuples_in_memory())},
      {"memtupsize", static_cast<lua_Integer>(sort.slots())},
      {"currentRun", sort.runs()},
      {"maxTapes", sort.max_tapes()},
      {"tapeBlocks", static_cast<lua_Integer>(sort.disk_blocks())},
  };
  return push_field(L, wanted, fields, std::size(fields));
}

// --- hash join ------------------------------------------------------------------------------------------------

// ExecChooseHashTableSize(rows, width [, work_mem [, hash_mem_multiplier]]): buckets, batches, space allowed.
int exec_choose_hash_table_size(lua_State* L) {
  HashTableGuess guess;
  guess.rows = luaL_checknumber(L, 1);
  const lua_Integer width = luaL_checkinteger(L, 2);
  luaL_argcheck(L, guess.rows >= 0 && guess.rows <= 1e15, 1, "a number of rows is wanted");
  luaL_argcheck(L, width >= 0 && width <= kLargestTuple, 2, "a width in bytes is wanted");
  guess.width = static_cast<std::uint64_t>(width);
  WorkSettings settings;
  if (!lua_isnoneornil(L, 3)) settings.work_mem_kb = check_work_mem(L, 3);
  settings.hash_mem_multiplier = luaL_optnumber(L, 4, 2);
  luaL_argcheck(L, settings.hash_mem_multiplier >= 1 && settings.hash_mem_multiplier <= 1000, 4,
                "hash_mem_multiplier is 1 to 1000");
  const HashTableSize size =
      choose_hash_table_size(guess, settings, find_operation_rules(Host::of(L).process().profile().major)->hash_join);
  lua_pushinteger(L, size.buckets);
  lua_pushinteger(L, size.batches);
  lua_pushinteger(L, static_cast<lua_Integer>(size.space_allowed));
  return 3;
}

// ExecHashTableCreate{ rows = .., width = .., work_mem = .., hash_mem_multiplier = .., left = true, name = ".." }: rows
// and width as the planner guesses them.
int exec_hash_table_create(lua_State* L) {
  const Wishes wishes = check_wishes(L, "rows", "Hash Join");
  check_current_context(L);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    HashJoinSpec spec;
    spec.guess.rows = wishes.rows;
    spec.guess.width = static_cast<std::uint64_t>(wishes.width);
    spec.guess.skew = wishes.skew;
    spec.settings = wishes.settings();
    spec.fill_outer = wishes.left;
    spec.name = wishes.name;
    return Held{kJoin, world->begin_join(spec)};
  });
}

HashTuple check_tuple(lua_State* L, int key_index) {
  const lua_Integer key = luaL_checkinteger(L, key_index);
  return {hash_int4(static_cast<std::int32_t>(key)), check_bytes(L, key_index + 1, kSmallestTuple)};
}

int exec_hash_table_insert(lua_State* L) {
  const std::uint32_t number = check_join(L, 1);
  const HashTuple tuple = check_tuple(L, 2);
  luaL_argcheck(L, !join_of(L, number).built(), 1, "MultiExecHash has ended its inner side");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->join(number)->insert(tuple); }); });
}

int multi_exec_hash(lua_State* L) {
  const std::uint32_t number = check_join(L, 1);
  luaL_argcheck(L, !join_of(L, number).built(), 1, "MultiExecHash has ended its inner side already");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->join(number)->finish_build(); }); });
}

struct Matches {
  bool here = false;
  std::uint64_t count = 0;
};
void push(lua_State* L, Matches matches) {
  if (matches.here)
    lua_pushinteger(L, static_cast<lua_Integer>(matches.count));
  else
    lua_pushnil(L);
}
Matches matches_of(const std::optional<std::uint64_t>& found) { return {found.has_value(), found.value_or(0)}; }

void check_built(lua_State* L, std::uint32_t number) {
  luaL_argcheck(L, join_of(L, number).built(), 1, "its inner side has not ended: MultiExecHash first");
}

// ExecScanHashBucket(table, key, t_len): so many rows match a row of the outer side; nil: it went to a later batch.
int exec_scan_hash_bucket(lua_State* L) {
  const std::uint32_t number = check_join(L, 1);
  check_built(L, number);
  const HashTuple tuple = check_tuple(L, 2);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    return whole(*world, number, [=] { return matches_of(world->join(number)->probe(tuple)); });
  });
}

int exec_hash_join_new_batch(lua_State* L) {
  const std::uint32_t number = check_join(L, 1);
  check_built(L, number);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { return whole(*world, number, [=] { return world->join(number)->next_batch(); }); });
}

// The matches of the next row that was put into this batch's outer file; nil behind the last.
int exec_hash_join_get_saved_tuple(lua_State* L) {
  const std::uint32_t number = check_join(L, 1);
  check_built(L, number);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    return whole(*world, number, [=] { return matches_of(world->join(number)->next_saved_outer()); });
  });
}

int exec_hash_table_destroy(lua_State* L) {
  return end_operation(L, check_join(L, 1), [](OperationsWorld& w, std::uint32_t n) { w.join(n)->end(); });
}

int join_field(lua_State* L) {
  const HashJoin& join = join_of(L, check_join(L, 1));
  const char* wanted = luaL_checkstring(L, 2);
  if (std::strcmp(wanted, "growEnabled") == 0) {
    lua_pushboolean(L, join.grow_enabled());
    return 1;
  }
  const FieldValue fields[] = {
      {"nbuckets", join.buckets()},
      {"nbuckets_original", join.original_buckets()},
      {"nbatch", join.batches()},
      {"nbatch_original", join.original_batches()},
      {"curbatch", join.current_batch()},
      {"spaceUsed", static_cast<lua_Integer>(join.used_bytes())},
      {"spaceAllowed", static_cast<lua_Integer>(join.space_allowed())},
      {"spacePeak", static_cast<lua_Integer>(join.peak_bytes())},
      {"tuples", static_cast<lua_Integer>(join.tuples_in_memory())},
  };
  return push_field(L, wanted, fields, std::size(fields));
}

// --- hash aggregate -------------------------------------------------------------------------------------------

// build_hash_tables{ groups = .., width = .., work_mem = .., hash_mem_multiplier = .., transitions = .., name = ".." }
int build_hash_tables(lua_State* L) {
  const Wishes wishes = check_wishes(L, "groups", "HashAggregate");
  check_current_context(L);
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) {
    HashAggregateSpec spec;
    spec.planned_groups = wishes.rows;
    spec.planned_width = static_cast<std::uint64_t>(wishes.width);
    spec.transitions = static_cast<std::uint32_t>(wishes.transitions);
    spec.settings = wishes.settings();
    spec.name = wishes.name;
    return Held{kAggregate, world->begin_aggregate(spec)};
  });
}

int lookup_hash_entries(lua_State* L) {
  const std::uint32_t number = check_aggregate(L, 1);
  const auto key = static_cast<std::uint64_t>(luaL_checkinteger(L, 2));
  HashTuple tuple = check_tuple(L, 2);
  tuple.hash = grouping_hash(tuple.hash);
  luaL_argcheck(L, !aggregate_of(L, number).finished(), 1, "hashagg_finish_initial_spills has ended its input");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->aggregate(number)->add(key, tuple); }); });
}

int hashagg_finish_initial_spills(lua_State* L) {
  const std::uint32_t number = check_aggregate(L, 1);
  luaL_argcheck(L, !aggregate_of(L, number).finished(), 1, "its input has ended already");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { whole(*world, number, [=] { world->aggregate(number)->finish(); }); });
}

int agg_refill_hash_table(lua_State* L) {
  const std::uint32_t number = check_aggregate(L, 1);
  luaL_argcheck(L, aggregate_of(L, number).finished(), 1,
                "its input has not ended: hashagg_finish_initial_spills first");
  OperationsWorld* world = &Host::of(L).operations();
  return call(L, [=](Process&) { return whole(*world, number, [=] { return world->aggregate(number)->refill(); }); });
}

int exec_end_agg(lua_State* L) {
  return end_operation(L, check_aggregate(L, 1), [](OperationsWorld& w, std::uint32_t n) { w.aggregate(n)->end(); });
}

int aggregate_field(lua_State* L) {
  const HashAggregate& aggregate = aggregate_of(L, check_aggregate(L, 1));
  const char* wanted = luaL_checkstring(L, 2);
  if (std::strcmp(wanted, "hash_spill_mode") == 0) {
    lua_pushboolean(L, aggregate.spilling());
    return 1;
  }
  const FieldValue fields[] = {
      {"hash_ngroups_current", static_cast<lua_Integer>(aggregate.groups_in_memory())},
      {"groups", static_cast<lua_Integer>(aggregate.groups_done())},
      {"hash_mem_limit", static_cast<lua_Integer>(aggregate.limits().bytes)},
      {"hash_ngroups_limit", static_cast<lua_Integer>(aggregate.limits().groups)},
      {"hash_mem_used", static_cast<lua_Integer>(aggregate.used_bytes())},
      {"hash_mem_peak", static_cast<lua_Integer>(aggregate.peak_bytes())},
      {"hash_batches_used", aggregate.batches()},
  };
  return push_field(L, wanted, fields, std::size(fields));
}

constexpr luaL_Reg kFunctions[] = {
    {"tuplesort_begin_heap", tuplesort_begin_heap},
    {"tuplesort_begin_datum", tuplesort_begin_datum},
    {"tuplesort_set_bound", tuplesort_set_bound},
    {"tuplesort_puttupleslot", tuplesort_puttupleslot},
    {"tuplesort_putdatum", tuplesort_putdatum},
    {"tuplesort_performsort", tuplesort_performsort},
    {"tuplesort_gettupleslot", tuplesort_get},
    {"tuplesort_getdatum", tuplesort_get},
    {"tuplesort_get_stats", tuplesort_get_stats},
    {"tuplesort_end", tuplesort_end},
    {"ExecChooseHashTableSize", exec_choose_hash_table_size},
    {"ExecHashTableCreate", exec_hash_table_create},
    {"ExecHashTableInsert", exec_hash_table_insert},
    {"MultiExecHash", multi_exec_hash},
    {"ExecScanHashBucket", exec_scan_hash_bucket},
    {"ExecHashJoinNewBatch", exec_hash_join_new_batch},
    {"ExecHashJoinGetSavedTuple", exec_hash_join_get_saved_tuple},
    {"ExecHashTableDestroy", exec_hash_table_destroy},
    {"build_hash_tables", build_hash_tables},
    {"lookup_hash_entries", lookup_hash_entries},
    {"hashagg_finish_initial_spills", hashagg_finish_initial_spills},
    {"agg_refill_hash_table", agg_refill_hash_table},
    {"ExecEndAgg", exec_end_agg},
};

void make_kind(lua_State* L, const char* kind, lua_CFunction field) {
  luaL_newmetatable(L, kind);
  lua_pushcfunction(L, field);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

}  // namespace

void register_operations(lua_State* L) {
  make_kind(L, kSort, sort_field);
  make_kind(L, kJoin, join_field);
  make_kind(L, kAggregate, aggregate_field);
}

std::span<const luaL_Reg> workmem_functions() { return kFunctions; }

}  // namespace palloscope::core
