import Glibc
import Testing

@testable import PuyPuyChecks

struct InterpreterTests {
    @Test func `an interpreter that is there is no problem`() {
        for line in ["#!/bin/sh\n", "#! /bin/sh -e\n"] {
            #expect(Interpreter(beginning: bytes(line)).problem(startError: ENOENT) == nil)
        }
    }

    @Test func `a missing interpreter is named with its remedy`() {
        let problem = Interpreter(beginning: bytes("#!/opt/none -x\n")).problem(startError: ENOENT)
        #expect(problem?.cause == "its interpreter /opt/none is missing or not executable")
        #expect(problem?.hint == "install /opt/none, or correct the first line")
    }

    @Test func `a carriage return is told from a missing interpreter`() {
        let problem = Interpreter(beginning: bytes("#!/bin/sh\r\n")).problem(startError: ENOENT)
        #expect(problem?.cause == "its first line ends in a carriage return")
    }

    @Test func `without a first line it depends on the system's answer`() {
        let interpreter = Interpreter(beginning: bytes("echo a 1\n"))
        #expect(interpreter.problem(startError: ENOENT) == nil)
        #expect(interpreter.problem(startError: ENOEXEC) != nil)
    }
}
