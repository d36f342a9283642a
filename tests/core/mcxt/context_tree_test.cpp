// The tree of contexts: links, orders, callbacks, isReset (spec 7).
#include <vector>

#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using palloscope::test::SimulatedProcess;

namespace {

std::vector<std::string> children(const SimulatedProcess& p, Address context) {
  std::vector<std::string> names;
  Address prev;
  for (Address at = p.pointer(context, p.profile.context.first_child); at;
       at = p.pointer(at, p.profile.context.next_child)) {
    CHECK(p.pointer(at, p.profile.context.prev_child) == prev);
    CHECK(p.pointer(at, p.profile.context.parent) == context);
    names.push_back(p.name(at));
    prev = at;
  }
  return names;
}

std::vector<std::uint32_t> run_callbacks(const SimulatedProcess& p) {
  std::vector<std::uint32_t> numbers;
  for (const CallbackRun& event : p.log.of<CallbackRun>()) numbers.push_back(event.callback);
  return numbers;
}

using Texts = std::vector<std::string>;
using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("A process starts with TopMemoryContext and ErrorContext, and says so") {
  for (int major = 15; major <= 18; ++major) {
    palloscope::test::EventLog log;
    Process process(*find_profile(major, false), log);
    CHECK(log.tags() == std::vector<int>{Malloc::kTag, ContextCreated::kTag, BlockAdded::kTag, ContextSwitched::kTag,
                                         Malloc::kTag, ContextCreated::kTag, BlockAdded::kTag,
                                         CritSectionAllowed::kTag});
    auto created = log.of<ContextCreated>();
    CHECK(created[0].name == "TopMemoryContext");
    CHECK_FALSE(created[0].parent);
    CHECK(created[1].name == "ErrorContext");
    CHECK(created[1].chunk_limit_bytes == 1024);
    CHECK(created[1].recycle_list == -1);
    CHECK(process.current_memory_context() == process.top_memory_context());
  }
}

TEST_CASE("A walker finds everything from the variables: tag, name, methods, children newest first") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    p.create("a");
    p.create("b");
    Address top{p.load(p.process.global_variables().top_memory_context)};
    CHECK(top == p.process.top_memory_context());
    CHECK(p.load(top, p.profile.context.type) == p.profile.node_tags[0]);
    CHECK(p.name(top) == "TopMemoryContext");
    CHECK(children(p, top) == Texts{"b", "a", "ErrorContext"});
    CHECK(Address{p.load(p.process.global_variables().error_context)} == p.process.error_context());
    // the method table is real, and shared by contexts of one kind
    Address methods = p.pointer(top, p.profile.context.methods);
    CHECK(p.load(methods) != 0);
    CHECK(p.pointer(p.process.error_context(), p.profile.context.methods) == methods);
  }
}

TEST_CASE("Contexts move to the front of their new parent's children, or out of the tree") {
  SimulatedProcess p(17);
  Address top = p.process.top_memory_context();
  Address a = p.create("a"), b = p.create("b"), c = p.create("c");
  p.process.memory_context_set_parent(a, c);
  CHECK(children(p, top) == Texts{"c", "b", "ErrorContext"});
  CHECK(children(p, c) == Texts{"a"});
  p.log.clear();
  p.process.memory_context_set_parent(a, c);
  CHECK(p.log.events.empty());
  p.process.memory_context_set_parent(b, {});
  CHECK(children(p, top) == Texts{"c", "ErrorContext"});
  CHECK_FALSE(p.pointer(b, p.profile.context.parent));
  p.process.memory_context_set_parent(b, c);
  CHECK(children(p, c) == Texts{"b", "a"});
  CHECK(p.log.of<ContextReparented>().size() == 2);
}

TEST_CASE("Deleting takes children before parents, newest first") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address root = p.create("root");
    Address k1 = p.process.alloc_set_context_create(root, "k1"), k2 = p.process.alloc_set_context_create(root, "k2");
    Address g1 = p.process.alloc_set_context_create(k1, "g1"), g2 = p.process.alloc_set_context_create(k1, "g2");
    std::vector<ContextSlot> slots;
    for (const ContextCreated& event : p.log.of<ContextCreated>()) slots.push_back(event.context);
    p.log.clear();
    p.process.memory_context_delete(root);
    std::vector<ContextSlot> order;
    for (const ContextDeleted& event : p.log.of<ContextDeleted>()) order.push_back(event.context);
    CHECK(order == std::vector<ContextSlot>{slots[2], slots[4], slots[3], slots[1], slots[0]});
    CHECK(children(p, p.process.top_memory_context()) == Texts{"ErrorContext"});
    for (Address gone : {root, k1, k2, g1, g2}) CHECK_THROWS_AS(p.process.memory_context_reset_only(gone + 8), Crash);
  }
}

TEST_CASE("Reset deletes the children, ResetOnly keeps them") {
  SimulatedProcess p(17);
  Address a = p.create("a");
  Address b = p.process.alloc_set_context_create(a, "b");
  p.process.memory_context_alloc(b, 10);
  p.process.memory_context_alloc(a, 10);
  p.process.memory_context_reset_only(a);
  CHECK(children(p, a) == Texts{"b"});
  CHECK(p.is_reset(a));
  CHECK_FALSE(p.is_reset(b));
  p.process.memory_context_reset(a);
  CHECK(children(p, a).empty());
  p.log.clear();
  p.process.memory_context_reset(a);
  CHECK(p.log.events.empty());
}

TEST_CASE("ResetChildren goes bottom-up in 15 and 16 and top-down since 17") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address root = p.create("root");
    Address a = p.process.alloc_set_context_create(root, "a");
    Address b = p.process.alloc_set_context_create(a, "b"), c = p.process.alloc_set_context_create(a, "c");
    Address d = p.process.alloc_set_context_create(root, "d");
    std::uint32_t number = 1;
    for (Address context : {root, a, b, c, d}) p.process.memory_context_register_reset_callback(context, number++, {});
    p.process.memory_context_reset_children(root);
    CHECK(run_callbacks(p) == (major <= 16 ? Numbers{5, 4, 3, 2} : Numbers{5, 2, 4, 3}));
    CHECK_FALSE(p.is_reset(root));
    CHECK(p.is_reset(b));
  }
}

TEST_CASE("isReset ends with the first allocation or callback, and pfree does not bring it back") {
  SimulatedProcess p(18);
  Address a = p.create("a"), b = p.create("b");
  CHECK(p.is_reset(a));
  p.process.pfree(p.process.memory_context_alloc(a, 0));
  CHECK_FALSE(p.is_reset(a));
  p.process.memory_context_register_reset_callback(b, 7, {});
  CHECK_FALSE(p.is_reset(b));
}

TEST_CASE("Callbacks run once, last registered first, and the struct of one that ran is used again") {
  SimulatedProcess p(15);
  Address a = p.create("a");
  std::vector<int> ran;
  p.process.memory_context_register_reset_callback(a, 1, [&] { ran.push_back(1); });
  p.process.memory_context_register_reset_callback(a, 2, [&] {
    ran.push_back(2);
    CHECK(p.process.memory_context_alloc(a, 8));  // still a usable context
  });
  Address head = p.pointer(a, p.profile.context.reset_callbacks);
  CHECK(p.load(head, p.profile.callback.arg) == 2);
  CHECK(p.load(p.pointer(head, p.profile.callback.next), p.profile.callback.arg) == 1);
  p.process.memory_context_reset(a);
  p.process.memory_context_delete(a);
  CHECK(ran == std::vector<int>{2, 1});
  CHECK(run_callbacks(p) == Numbers{2, 1});
}

TEST_CASE("A callback that raises an error is not called again") {
  SimulatedProcess p(17);
  Address a = p.create("a");
  int calls = 0;
  p.process.memory_context_register_reset_callback(a, 1, [&] { ++calls; });
  p.process.memory_context_register_reset_callback(a, 2, [&] {
    ++calls;
    throw Ereport{"XX000", "no", "", {}};
  });
  CHECK_THROWS_AS(p.process.memory_context_delete(a), Ereport);
  CHECK(children(p, p.process.top_memory_context()) == Texts{"a", "ErrorContext"});
  p.process.memory_context_delete(a);
  CHECK(calls == 2);
}

TEST_CASE("allowInCritSection is inherited at creation only") {
  SimulatedProcess p(16);
  Address a = p.create("a");
  p.process.memory_context_allow_in_critical_section(a, true);
  Address b = p.process.alloc_set_context_create(a, "b");
  p.process.memory_context_allow_in_critical_section(a, false);
  CHECK(p.load(b, p.profile.context.allow_in_crit_section) == 1);
  CHECK(p.load(a, p.profile.context.allow_in_crit_section) == 0);
  CHECK(p.log.of<ContextCreated>().back().allow_in_crit_section);
}

TEST_CASE("An identifier is a string constant, or a string in palloc'ed memory") {
  SimulatedProcess p(17);
  Address a = p.create("a");
  p.process.memory_context_set_identifier(a, "select 1");
  CHECK(p.text(p.pointer(a, p.profile.context.ident)) == "select 1");
  Address copy = p.process.memory_context_strdup(a, "select 2");
  p.process.memory_context_set_identifier(a, copy);
  CHECK(p.pointer(a, p.profile.context.ident) == copy);
  CHECK(p.log.of<ContextIdentSet>().back().ident == "select 2");
  p.process.memory_context_set_identifier(a, std::nullopt);
  CHECK_FALSE(p.pointer(a, p.profile.context.ident));
  CHECK_FALSE(p.log.of<ContextIdentSet>().back().ident);
}

TEST_CASE("Switching returns the old context") {
  SimulatedProcess p(17);
  Address a = p.create("a");
  CHECK(p.process.memory_context_switch_to(a) == p.process.top_memory_context());
  CHECK(p.process.current_memory_context() == a);
  CHECK(p.process.get_memory_chunk_context(p.process.palloc(10)) == a);
}

TEST_CASE("mem_allocated can be summed over a tree, however deep") {
  SimulatedProcess p(17);
  Address root = p.create("root"), at = root;
  for (int i = 0; i < 20000; ++i) at = p.process.alloc_set_context_create(at, "deep", kSmallSizes);
  CHECK(p.process.memory_context_mem_allocated(root, true) == 8192 + 20000 * 1024);
  CHECK(p.process.memory_context_mem_allocated(root, false) == 8192);
  p.process.memory_context_delete(root);
  CHECK(children(p, p.process.top_memory_context()) == Texts{"ErrorContext"});
}
