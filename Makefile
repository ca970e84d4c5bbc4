# The lab's commands. They choose the stack where a Docker engine answers, otherwise the embedded
# mode; LAB_MODE=stack or LAB_MODE=embedded forces one.
PYTHON ?= python3
LAB = $(PYTHON) -m host
# Ids of known vulnerabilities that `make audit-packages` ignores. Give the reason for each in SECURITY.md.
ACCEPTED =
.DEFAULT_GOAL := help
.PHONY: help demo test bench up down shell notebook delete-data gc reset-packages backup restore upgrade-database audit audit-packages audit-minio new-lesson pages screenshots lint lock

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { sub("%", "NN", $$1); printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start the lab and run every lesson and example
	@$(LAB) demo

test: ## run all tests; ARGS="…" goes to pytest
	@$(LAB) test

bench: ## measure the scoring service, Spark, and this stack beside MLflow's own
	@$(LAB) bench

up: ## start the lab
	@$(LAB) up

down: ## stop the lab, keep its data
	@$(LAB) down

shell: ## a learner's shell in the running lab
	@$(LAB) shell

shell-%: ## a shell with the packages of one lesson, as: make shell-06
	@$(LAB) shell $*

notebook: ## open the lessons as notebooks: starts JupyterLab, prints its address
	@$(LAB) notebook

lesson-%: ## run one lesson and its examples, as: make lesson-03
	@$(LAB) lesson $*

delete-data: ## stop the lab and delete its runs, models and files (asks first)
	@$(LAB) delete-data

gc: ## delete for good what you deleted, except files that a version needs (asks first)
	@$(LAB) gc

reset-packages: ## remove the packages that you installed, and restore the lab's own
	@$(LAB) reset-packages

backup: ## write the lab's database and objects to one file in backups/, while it runs
	@$(LAB) backup

restore: ## restore a backup into an empty lab, as: make restore FILE=backups/…
	@$(LAB) restore "$(FILE)"

upgrade-database: ## bring an older MLflow's database to this version's schema, after a backup
	@$(LAB) upgrade-database

audit: audit-packages audit-minio ## look up known vulnerabilities: of the Python packages, then of MinIO

audit-packages: ## look up known vulnerabilities of every package in requirements/
	@$(LAB) install audit
	.venv/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off \
	  $(ACCEPTED:%=--ignore-vuln %) $(patsubst %,--requirement %,$(wildcard requirements/*.txt))

audit-minio: ## look up known vulnerabilities of MinIO as it is built here; needs Docker
	docker build --target audit --tag mlflow-model-lab-audit --file minio/Dockerfile .
	docker run --rm mlflow-model-lab-audit govulncheck -mode binary /go/bin/minio

new-lesson: ## make a lesson to begin with, as: make new-lesson NAME=08_topic
	@$(LAB) new-lesson "$(NAME)"

pages: ## write the pages of lessons and errors from their sources, where they are out of date
	@$(LAB) pages

screenshots: ## take the READMEs' pictures of pages again, where they are out of date
	@$(LAB) screenshots

lint: ## check the code with ruff and mypy
	@$(LAB) install dev
	@.venv/bin/ruff check && .venv/bin/ruff format --check && .venv/bin/mypy

lock: ## compile requirements/*.in again; name packages to update in UPGRADE="-P name"
	@$(LAB) install dev
	cd requirements && for name in uv server trainer spark notebook dev audit flavors minio-setup; do \
	  ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url $(UPGRADE) $$name.in --output-file $$name.txt || exit 1; \
	done
