// Titles taken apart, and a folder like /proc listed.
#include "trace/live/backend_list.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/support/catch.h"
#include "trace/live/backend_title.h"

namespace palloscope::trace {
namespace {

Backend titled(std::string_view title) {
  Backend backend;
  apply_title(title, backend);
  return backend;
}

TEST_CASE("a client's backend tells user, database, client and what it does") {
  const Backend local = titled("bob shop [local] idle in transaction");
  CHECK(local.kind == "backend");
  CHECK(local.user == "bob");
  CHECK(local.database == "shop");
  CHECK(local.client == "[local]");
  CHECK(local.activity == "idle in transaction");

  const Backend remote = titled("15/main: bob my shop fe80::1(51234) SELECT waiting");
  CHECK(remote.user == "bob");
  CHECK(remote.database == "my shop");
  CHECK(remote.client == "fe80::1(51234)");
  CHECK(remote.activity == "SELECT waiting");
}

TEST_CASE("processes without a client are known by their kind") {
  CHECK(titled("checkpointer ").kind == "checkpointer");
  CHECK(titled("main: background writer").kind == "background writer");
  CHECK(titled("io worker 2").activity == "2");
  CHECK(titled("parallel worker for PID 4711").activity == "for PID 4711");
  CHECK(titled("startup recovering 000000010000000000000003").activity == "recovering 000000010000000000000003");
  CHECK(titled("autovacuum worker shop").database == "shop");
  const Backend sender = titled("walsender rep 10.0.0.2(40000) streaming 0/3000148");
  CHECK(sender.kind == "walsender");
  CHECK(sender.user == "rep");
  CHECK(sender.database.empty());
  CHECK(sender.activity == "streaming 0/3000148");
  const Backend own = titled("pg_cron launcher");
  CHECK(own.kind == "background worker");
  CHECK(own.activity == "pg_cron launcher");
}

TEST_CASE("no title breaks the list") {
  for (const std::string_view title :
       {"", " ", ":", "a:", "x: ", "[local]", "()", "bob (", "bob shop (1)", "walsender", "a b c d"})
    CHECK_FALSE(titled(title).kind.empty());
  CHECK(titled("bob shop 1.2.3.4() idle").client.empty());
}

// A folder like /proc, removed in the end.
class Proc {
 public:
  Proc() : folder_(std::filesystem::temp_directory_path() / ("palloscope_proc_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "stat") << "cpu 1 2\nbtime 1700000000\n";
  }
  ~Proc() { std::filesystem::remove_all(folder_); }
  void add(std::uint32_t pid, std::uint32_t parent, const std::string& name, std::string title) {
    const std::filesystem::path folder = folder_ / std::to_string(pid);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "status") << "Name:\t" << name << "\nState:\tS (sleeping)\nPid:\t" << pid << "\nPPid:\t"
                                     << parent << "\nUid:\t" << getuid() << "\t" << getuid() << "\t" << getuid() << "\t"
                                     << getuid() << "\nVmRSS:\t4 kB\n";
    std::replace(title.begin(), title.end(), '|', '\0');
    std::ofstream(folder / "cmdline") << title << '\0' << '\0';
    std::ofstream(folder / "stat") << pid << " (a) b) S 1 1 1 0 -1 4194560 1 0 0 0 1 1 0 0 20 0 1 0 "
                                   << 1000 * sysconf(_SC_CLK_TCK) << " 0 0\n";
    std::ofstream(folder / "mem") << "";
  }
  void set_directory(std::uint32_t pid, const std::string& major) {
    const std::filesystem::path data = folder_ / "data";
    std::filesystem::create_directories(data);
    std::ofstream(data / "PG_VERSION") << major << '\n';
    std::filesystem::create_directory_symlink(data, folder_ / std::to_string(pid) / "cwd");
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

TEST_CASE("server processes are listed by server, others are not") {
  Proc proc;
  proc.add(900, 1, "postgres", "/usr/lib/postgresql/15/bin/postgres|-D|/data");
  proc.add(950, 900, "postgres", "postgres: checkpointer ");
  proc.add(100, 900, "postgres", "postgres: bob shop [local] idle");  // pids began anew
  proc.add(500, 1, "bash", "-bash");
  proc.add(700, 1, "postmaster", "/opt/pg/bin/postmaster");
  proc.add(800, 77, "postgres", "postgres: eve shop [local] idle");  // its parent is in another namespace
  proc.set_directory(100, "17");

  const std::vector<Backend> found = list_backends(proc.folder());
  std::vector<std::uint32_t> pids;
  for (const Backend& backend : found) pids.push_back(backend.pid);
  CHECK(pids == std::vector<std::uint32_t>{800, 700, 100, 900, 950});
  const Backend& bob = found[2];
  CHECK(bob.postmaster == 900);
  CHECK(bob.user == "bob");
  CHECK(bob.major == 17);
  CHECK(bob.data_directory == (proc.folder() / "data").string());
  CHECK(bob.rss_bytes == 4096);
  CHECK(bob.started_s == 1700001000);
  CHECK(bob.title == "postgres: bob shop [local] idle");
  CHECK(bob.refused.empty());
  CHECK(found[3].kind == "postmaster");
  CHECK(found[1].postmaster == 700);
  CHECK(found[0].postmaster == 0);
}

TEST_CASE("a process whose memory is not to be had is listed with the reason") {
  if (geteuid() == 0) return;  // root opens everything
  Proc proc;
  proc.add(900, 1, "postgres", "postgres: bob shop [local] idle");
  std::filesystem::permissions(proc.folder() / "900" / "mem", std::filesystem::perms::none);
  const auto found = list_backends(proc.folder());
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].refused.empty());
}

}  // namespace
}  // namespace palloscope::trace
