// Every refusal says what is in the way and what to do; tried with machines that are made up.
#include "trace/live/access.h"

#include <cerrno>

#include "tests/support/catch.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

AccessFacts denied() {
  AccessFacts facts;
  facts.pid = 4711;
  facts.open_fault = EACCES;
  facts.own_uid = 1000;
  facts.own_user_namespace = facts.user_namespace = 4026531837;
  facts.uid = facts.folder_uid = 101;
  facts.user = "postgres";
  return facts;
}

TEST_CASE("what the kernel grants is not refused") {
  AccessFacts facts = denied();
  facts.open_fault = 0;
  facts.yama_scope = 1;
  CHECK(why_refused(facts).empty());
}

TEST_CASE("another user's process asks for that user or root") {
  CHECK_THAT(why_refused(denied()), ContainsSubstring("postgres (uid 101)") && ContainsSubstring("sudo -u postgres"));
  AccessFacts nameless = denied();
  nameless.user.clear();
  CHECK_THAT(why_refused(nameless), ContainsSubstring("setpriv --reuid=101"));
}

TEST_CASE("root without the right to trace is told to become the server's user") {
  AccessFacts facts = denied();
  facts.own_uid = 0;
  CHECK_THAT(why_refused(facts), ContainsSubstring("CAP_SYS_PTRACE") && ContainsSubstring("sudo -u postgres"));
}

TEST_CASE("each of Yama's scopes has its own way out") {
  AccessFacts facts = denied();
  facts.own_uid = 101;
  facts.yama_scope = 1;
  CHECK_THAT(why_refused(facts), ContainsSubstring("kernel.yama.ptrace_scope=0"));
  facts.yama_scope = 2;
  CHECK_THAT(why_refused(facts), ContainsSubstring("only root may trace"));
  facts.yama_scope = 3;
  CHECK_THAT(why_refused(facts), ContainsSubstring("core file"));
}

TEST_CASE("user namespaces are told apart from users") {
  AccessFacts facts = denied();
  facts.own_uid = 101;
  facts.user_namespace = 4026532000;
  CHECK_THAT(why_refused(facts), ContainsSubstring("another user namespace"));
  facts.user_namespace = 0;  // the kernel does not tell: ours may be the inner one
  CHECK_THAT(why_refused(facts), ContainsSubstring("user namespace of our own"));
}

TEST_CASE("a process that changed its user is for root") {
  AccessFacts facts = denied();
  facts.own_uid = 101;
  facts.folder_uid = 0;
  CHECK_THAT(why_refused(facts), ContainsSubstring("protected") && ContainsSubstring("root"));
}

TEST_CASE("what nothing explains is put to the container's rules") {
  AccessFacts facts = denied();
  facts.own_uid = 101;
  CHECK_THAT(why_refused(facts), ContainsSubstring("seccomp"));
}

TEST_CASE("a pid of inside a container is told by its number here") {
  AccessFacts facts = denied();
  facts.exists = false;
  CHECK_THAT(why_refused(facts), ContainsSubstring("no such process"));
  facts.outer_pid = 99123;
  CHECK_THAT(why_refused(facts), ContainsSubstring("99123") && ContainsSubstring("container"));
}

TEST_CASE("a process has one tracer") {
  AccessFacts facts = denied();
  CHECK(why_not_stopped(facts).empty());
  facts.tracer = 815;
  facts.tracer_name = "gdb";
  CHECK_THAT(why_not_stopped(facts), ContainsSubstring("815 (gdb)") && ContainsSubstring("--no-stop"));
}

TEST_CASE("every refusal is one line that names the process") {
  for (const std::uint32_t own : {0u, 101u, 1000u})
    for (const int yama : {-1, 0, 1, 2, 3})
      for (const int fault : {EACCES, EPERM, EMFILE})
        for (const std::uint32_t folder : {0u, 101u})
          for (const std::uint64_t space : {0u, 1u, 2u}) {
            AccessFacts facts = denied();
            facts.own_uid = own;
            facts.yama_scope = yama;
            facts.open_fault = fault;
            facts.folder_uid = folder;
            facts.user_namespace = space;
            const std::string said = why_refused(facts);
            CHECK_THAT(said, ContainsSubstring("4711"));
            CHECK(said.find('\n') == std::string::npos);
          }
}

}  // namespace
}  // namespace palloscope::trace
