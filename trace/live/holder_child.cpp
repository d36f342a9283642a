// The holder's life: one loop over poll(), with the socket to the parent, the signal that a tracee changed, and the
// limit. Only system calls: it was forked out of a program with threads, whose locks may be held by nobody.
#include "trace/live/holder_child.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace palloscope::trace {
namespace {

constexpr int kMostThreads = 1024;

struct Thread {
  int tid = 0;
  bool stands = false;
  int signal = 0;  // what it was about to get when it stopped: handed on when it is let go
};

// Everything the child knows; on its stack.
struct Life {
  int pid, socket, changes;
  enum class Phase { Free, Stopping, Held, Leaving } phase = Phase::Free;
  Thread threads[kMostThreads];
  int count = 0;
  std::uint64_t stopped_at = 0, deadline = 0, held_ns = 0;
  bool by_limit = false, gone = false;
};

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

void answer(Life& life, int fault, const Registers* registers) {
  HolderAnswer said;
  said.fault = fault;
  said.by_limit = life.by_limit ? 1 : 0;
  said.gone = life.gone ? 1 : 0;
  said.held_ns = life.held_ns;
  if (registers != nullptr) said.registers = *registers;
  send(life.socket, &said, sizeof said, MSG_NOSIGNAL);
}

Thread* find(Life& life, int tid) {
  for (int i = 0; i < life.count; ++i)
    if (life.threads[i].tid == tid) return &life.threads[i];
  return nullptr;
}

void forget(Life& life, Thread* thread) {
  *thread = life.threads[--life.count];
  if (life.count == 0) life.gone = true;
}

// Lets every standing thread go; one that does not stand yet (it sleeps in the kernel) cannot be let go before it does.
void let_go(Life& life) {
  for (int i = 0; i < life.count;) {
    Thread& thread = life.threads[i];
    if (!thread.stands) {
      ++i;
      continue;
    }
    ptrace(PTRACE_DETACH, thread.tid, nullptr, static_cast<long>(thread.signal));
    thread = life.threads[--life.count];
  }
  if (life.stopped_at != 0) life.held_ns = now_ns() - life.stopped_at;
  life.stopped_at = 0;
  life.phase = life.count == 0 ? Life::Phase::Free : Life::Phase::Leaving;
}

// Seizes a thread and asks it to stop. 0, or errno.
int seize(Life& life, int tid) {
  if (find(life, tid) != nullptr) return 0;
  if (life.count == kMostThreads) return E2BIG;
  // No options: above all not the one that kills the process when we end.
  if (ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) != 0) return errno;
  life.threads[life.count++] = {tid, false, 0};
  return ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0 ? 0 : errno;
}

// A decimal number, as the kernel names threads.
int number_of(const char* text) {
  int number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = number * 10 + (*text - '0');
  return *text == '\0' ? number : 0;
}

void task_path(int pid, char* into) {
  const char* const before = "/proc/";
  const char* const behind = "/task";
  char digits[12];
  int count = 0;
  for (int rest = pid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  for (const char* c = before; *c != '\0'; ++c) *into++ = *c;
  while (count > 0) *into++ = digits[--count];
  for (const char* c = behind; *c != '\0'; ++c) *into++ = *c;
  *into = '\0';
}

// Every thread but the first, which was seized already. A thread may start another meanwhile: once more, until there is
// no new one. Whatever cannot be seized here has just ended.
int seize_others(Life& life) {
  char path[40];
  task_path(life.pid, path);
  for (int before = -1; before != life.count;) {
    before = life.count;
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return errno;
    alignas(8) char entries[4096];
    long got = 0;
    int fault = 0;
    while (fault == 0 && (got = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
      for (long at = 0; at < got;) {
        // linux_dirent64: inode 8, offset 8, length of the entry 2, type 1, name
        const auto length = static_cast<long>(static_cast<unsigned char>(entries[at + 16]) |
                                              static_cast<unsigned>(static_cast<unsigned char>(entries[at + 17])) << 8);
        const int tid = number_of(entries + at + 19);
        if (tid > 0 && seize(life, tid) == E2BIG) fault = E2BIG;
        at += length;
      }
    }
    close(folder);
    if (fault != 0) return fault;
  }
  return 0;
}

void begin_stop(Life& life, std::uint64_t limit_ns) {
  life.by_limit = life.gone = false;
  life.held_ns = 0;
  life.deadline = now_ns() + limit_ns;
  life.phase = Life::Phase::Stopping;
  int fault = seize(life, life.pid);
  if (fault == 0) fault = seize_others(life);
  if (fault == 0) return;
  let_go(life);
  answer(life, fault, nullptr);
}

bool all_stand(const Life& life) {
  for (int i = 0; i < life.count; ++i)
    if (!life.threads[i].stands) return false;
  return true;
}

void note_change(Life& life, int tid, int status) {
  Thread* const thread = find(life, tid);
  if (thread == nullptr) return;
  if (WIFEXITED(status) || WIFSIGNALED(status)) {
    forget(life, thread);
    return;
  }
  if (!WIFSTOPPED(status)) return;
  thread->stands = true;
  // A stop that we asked for, or one of job control, which the kernel keeps up by itself; else a signal on its way.
  const bool is_event = status >> 16 != 0;
  thread->signal = is_event ? 0 : WSTOPSIG(status);
}

// Looks at what became of the threads, and goes on from there.
void look(Life& life) {
  signalfd_siginfo told;
  while (read(life.changes, &told, sizeof told) > 0) {
  }
  int status = 0;
  for (int tid = 0; (tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0;) note_change(life, tid, status);
  if (life.phase == Life::Phase::Leaving) {
    let_go(life);
  } else if (life.phase == Life::Phase::Stopping && life.count == 0) {
    life.phase = Life::Phase::Free;
    answer(life, ESRCH, nullptr);
  } else if (life.phase == Life::Phase::Stopping && all_stand(life)) {
    Registers registers{};
    iovec into{&registers, sizeof registers};
    ptrace(PTRACE_GETREGSET, life.pid, NT_PRSTATUS, &into);
    life.stopped_at = now_ns();
    life.phase = Life::Phase::Held;
    answer(life, 0, &registers);
  } else if (life.phase == Life::Phase::Held && life.count == 0) {
    let_go(life);  // killed while it stood
  }
}

void limit_is_over(Life& life) {
  const bool was_stopping = life.phase == Life::Phase::Stopping;
  life.by_limit = true;
  let_go(life);
  if (was_stopping) answer(life, ETIMEDOUT, nullptr);
}

// False: the parent is gone.
bool obey(Life& life) {
  HolderCommand command;
  const ssize_t got = recv(life.socket, &command, sizeof command, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got != sizeof command) return false;
  if (command.kind == HolderCommand::Stop) {
    begin_stop(life, command.limit_ns);
    look(life);  // a thread that stands since an earlier time does not tell again
  } else {
    if (life.phase != Life::Phase::Free) let_go(life);
    answer(life, 0, nullptr);
  }
  return true;
}

int open_changes() {
  sigset_t changes;
  sigemptyset(&changes);
  sigaddset(&changes, SIGCHLD);
  return signalfd(-1, &changes, SFD_NONBLOCK | SFD_CLOEXEC);
}

// Every file of the parent's but the socket: among them the other ends of sockets to other holders, which would not see
// their parent die as long as we kept those open.
void close_others(int socket) {
  const auto kept = static_cast<unsigned>(socket);
  if (kept > 0) syscall(SYS_close_range, 0u, kept - 1, 0u);
  syscall(SYS_close_range, kept + 1, ~0u, 0u);
}

void calm_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    // What a terminal sends to whoever belongs to it is for the parent; it lets go by ending.
    const bool deaf = signal == SIGINT || signal == SIGQUIT || signal == SIGHUP || signal == SIGTSTP ||
                      signal == SIGTTIN || signal == SIGTTOU || signal == SIGPIPE;
    action.sa_handler = deaf ? SIG_IGN : SIG_DFL;
    sigaction(signal, &action, nullptr);
  }
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);  // read from a descriptor instead
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

}  // namespace

void live_as_holder(int pid, int socket) {
  setsid();
  prctl(PR_SET_NAME, "palloscope-hold");
  calm_signals();
  close_others(socket);
  static Life life;  // too much for a stack; this process has it for itself
  life.pid = pid;
  life.socket = socket;
  life.changes = open_changes();
  if (life.changes < 0) _exit(1);

  for (;;) {
    const bool limited = life.phase == Life::Phase::Stopping || life.phase == Life::Phase::Held;
    timespec wait{};
    if (limited) {
      const std::uint64_t now = now_ns();
      if (now >= life.deadline) {
        limit_is_over(life);
        continue;
      }
      wait.tv_sec = static_cast<time_t>((life.deadline - now) / 1'000'000'000);
      wait.tv_nsec = static_cast<long>((life.deadline - now) % 1'000'000'000);
    }
    pollfd watched[] = {{life.socket, POLLIN, 0}, {life.changes, POLLIN, 0}};
    if (ppoll(watched, 2, limited ? &wait : nullptr, nullptr) < 0 && errno != EINTR) break;
    if (watched[1].revents != 0) look(life);
    if (watched[0].revents != 0 && !obey(life)) break;
  }
  let_go(life);  // what does not stand yet, the kernel lets go when we end
  _exit(0);
}

}  // namespace palloscope::trace
