import Foundation
import Synchronization

/// Asks to end: Ctrl-C, `kill`, a closed terminal, a batch system's warning.
///
/// The first one is noted, so that training can finish its step and save; the second ends the process at once.
/// A pipe that nobody reads any more never ends it, nor does a closed terminal what `nohup` started.
package enum StopSignal {
  private static let handled = [SIGINT, SIGTERM, SIGHUP, SIGUSR1]

  /// Starts to note signals.
  package static func listen() {
    _ = received
    for number in handled {
      var action = sigaction()
      sigaction(number, nil, &action)
      if number == SIGHUP, isIgnored(action) { continue }
      action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        let first = noted.compareExchange(expected: 0, desired: number, ordering: .relaxed)
        if !first.exchanged { _exit(128 + number) }
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    signal(SIGPIPE, SIG_IGN)
    // Whoever started the program may have held signals back, which a new process inherits.
    var held = sigset_t()
    sigemptyset(&held)
    for number in handled { sigaddset(&held, number) }
    pthread_sigmask(SIG_UNBLOCK, &held, nil)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// The signal that came, if one did.
  package static var received: Int32? {
    let number = noted.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}

private let noted = Atomic<Int32>(0)
