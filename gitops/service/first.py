"""What a first repository holds: a page, and how one goes on."""

README = """\
# What runs on this machine

Each `*.yaml` here describes something that runs; sloop makes the machine so.

    sloop validate   # is what I wrote right?
    git commit -a    # describe what should be
    git push         # checks it, deploys it, and tells how that went
    git revert HEAD  # and push: as it was before

`hello.yaml` serves a page on port 8080. Change it, or put your own in its place.
"""

HELLO = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: hello
data:
  index.html: |
    Hello from git.
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: hello
spec:
  selector:
    matchLabels: {app: hello}
  template:
    metadata:
      labels: {app: hello}
    spec:
      terminationGracePeriodSeconds: 1  # this httpd doesn't hear a SIGTERM
      containers:
        - name: httpd
          image: docker.io/library/busybox:1.37
          command: [httpd, -f, -p, "8080", -h, /www]
          ports: [{containerPort: 8080, hostPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}}
          volumeMounts: [{name: page, mountPath: /www}]
      volumes: [{name: page, configMap: {name: hello}}]
"""

FILES = {"README.md": README, "hello.yaml": HELLO}
