# The commands of this project. `make check test` is what CI runs (.ci/run).

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.11.4
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.1.4
MAX_LINES     := 400
FUZZ_TIME     ?= 60s
SEED          ?= 1
FAULTS        ?= 1000
ONLY          ?=

# One set of compiled packages for vet, lint and tests; the race detector alone needs C.
export CGO_ENABLED := 0

.DEFAULT_GOAL := build
.PHONY: build setup test race check lint lines vuln fuzz demo torture bench clean

build: ## bin/gomove, one static file
	go build -trimpath -ldflags "-s -w" -o bin/gomove ./cmd/gomove

setup: ## the database servers that tests and the demo start
	@internal/testdb/setup.sh

test: setup ## every test, on real servers, then again under the race detector where that is quick
	go test -timeout 30m -parallel 6 ./...
	@$(MAKE) --no-print-directory race

race: # what has goroutines of its own: chunker and transform have none, testdb runs under all the others
	CGO_ENABLED=1 go test -race -short $$(go list ./... | grep -v -e /cmd/ -e /bench -e /chunker -e /transform -e /testdb)

check: lines lint vuln ## what must be clean before a commit
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'd: $$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	@echo "check: clean"

lint:
	$$(.ci/tool $(GOLANGCI_LINT)) run

lines:
	@git ls-files -co --exclude-standard '*.go' | while read -r f; do \
		if [ -f "$$f" ]; then n=$$(wc -l <"$$f"); \
		if [ "$$n" -gt $(MAX_LINES) ]; then echo "$$f has $$n lines, more than $(MAX_LINES): split it"; fi; fi; \
	done | { ! grep .; }

vuln:
	@.ci/vuln $$(.ci/tool $(GOVULNCHECK))

fuzz: ## each fuzz target for FUZZ_TIME
	@grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -r -n1 dirname | sort -u | while read -r dir; do \
		grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | cut -d' ' -f2 | while read -r target; do \
			echo "$$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) -fuzzminimizetime 100x $$dir </dev/null || exit 1; \
		done || exit 1; \
	done

torture: setup build ## 1,000 faults, half an hour; SEED, FAULTS and ONLY=kill,cut change it
	go run ./cmd/torture --seed $(SEED) --faults $(FAULTS) --only "$(ONLY)"

demo: setup build ## moves two databases from MySQL 5.6 to MySQL 9.7 and compares every row
	go run ./cmd/demo

bench: setup build ## gomove and other tools side by side; `make bench BENCH='-only sysbench -servers mariadb'`
	go run ./bench -save $(BENCH)

clean:
	rm -rf bin demo-out
