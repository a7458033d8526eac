// flights.go - the peer of bench/flights.c: a goroutine for each request.
//
//	flights REQUESTS PORT...
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const length = 64

func request(port string) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	conn.(*net.TCPConn).SetLinger(0)
	var text [length]byte
	if _, err = conn.Write(text[:]); err != nil {
		panic(err)
	}
	if _, err = io.ReadFull(conn, text[:]); err != nil {
		panic(err)
	}
	conn.Close()
}

func seconds(t syscall.Timeval) float64 {
	return float64(t.Sec) + float64(t.Usec)/1e6
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	ports := os.Args[2:]
	var all sync.WaitGroup
	var used syscall.Rusage
	from := time.Now()
	for i := 0; i < count; i++ {
		all.Add(1)
		go func(port string) {
			defer all.Done()
			request(port)
		}(ports[i%len(ports)])
	}
	all.Wait()
	took := time.Since(from).Seconds()
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	fmt.Printf("%.3f %.3f %d\n", took, seconds(used.Utime)+seconds(used.Stime), used.Maxrss)
}
