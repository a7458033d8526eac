// select.go - the peer of bench/selects.c: four producers and four consumers over channels.
//
//	select get|select ITEMS
//
// Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	threads  = 4
	queues   = 8
	capacity = 1024
)

func get(channels []chan uint64) (sum uint64) {
	for item := range channels[0] {
		sum += item
	}
	return sum
}

// A channel that is closed is switched off by nil.
func selectAll(channels []chan uint64) (sum uint64) {
	var c [queues]chan uint64
	copy(c[:], channels)
	for open := queues; open > 0; {
		var item uint64
		var ok bool
		var at int
		select {
		case item, ok = <-c[0]:
			at = 0
		case item, ok = <-c[1]:
			at = 1
		case item, ok = <-c[2]:
			at = 2
		case item, ok = <-c[3]:
			at = 3
		case item, ok = <-c[4]:
			at = 4
		case item, ok = <-c[5]:
			at = 5
		case item, ok = <-c[6]:
			at = 6
		case item, ok = <-c[7]:
			at = 7
		}
		if !ok {
			c[at] = nil
			open--
		}
		sum += item
	}
	return sum
}

func main() {
	items, err := strconv.ParseUint(os.Args[2], 10, 64)
	if err != nil {
		panic(err)
	}
	count, consume := 1, get
	if os.Args[1] == "select" {
		count, consume = queues, selectAll
	}
	channels := make([]chan uint64, count)
	for i := range channels {
		channels[i] = make(chan uint64, capacity)
	}
	var producers, consumers sync.WaitGroup
	var sums [threads]uint64
	begin := time.Now()
	for i := 0; i < threads; i++ {
		producers.Add(1)
		consumers.Add(1)
		go func() {
			for n := uint64(1); n <= items; n++ {
				channels[n%uint64(count)] <- n
			}
			producers.Done()
		}()
		go func(i int) {
			sums[i] = consume(channels)
			consumers.Done()
		}(i)
	}
	producers.Wait()
	for _, channel := range channels {
		close(channel)
	}
	consumers.Wait()
	took := time.Since(begin).Seconds()
	if sums[0]+sums[1]+sums[2]+sums[3] != threads*items*(items+1)/2 {
		panic("items are lost")
	}
	fmt.Printf("%.0f\n", float64(threads*items)/took)
}
